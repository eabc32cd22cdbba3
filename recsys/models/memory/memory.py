"""The memory: learned attention over a table of transitions, whatever holds it."""

from recsys.models.keras import keras, tf
from recsys.models.memory.attention import MemoryAttention
from recsys.models.memory.table import TransitionTable


class TransitionMemory(keras.layers.Layer):
    """What the rows of the newest items say of candidates; ``rows`` are those of the item table."""

    def __init__(self, attention: MemoryAttention, table: TransitionTable, rows: int, name: str = "memory") -> None:
        super().__init__(name=name)
        self.attention, self.table, self.rows = attention, table, rows

    def support(self, weights: tf.Tensor, ids: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """Attention-weighted share of each candidate in where the newest items led to.

        Args:
            weights: ``[batch, newest]``; ids: ``[batch, newest] int32``; candidates: ``[batch, n] int32``.

        Returns:
            ``[batch, n]``.
        """
        rows, counted = self.table.read(ids)
        shares = counted * weights[:, :, None]
        flat = [tf.shape(ids)[0], self.attention.config.newest * self.table.depth]
        hits = tf.equal(tf.reshape(rows, flat)[:, :, None], candidates[:, None, :])  # [batch, newest * depth, n]
        return tf.matmul(tf.reshape(shares, flat)[:, None, :], tf.cast(hits, tf.float32))[:, 0]

    def support_all(self, weights: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        """``support`` of every row of the item table, ``[batch, rows]``; arguments as there."""
        rows, counted = self.table.read(ids)
        shares = counted * weights[:, :, None]
        batch = tf.shape(ids)[0]
        owner = tf.broadcast_to(tf.range(batch)[:, None, None], tf.shape(rows))
        flat = tf.reshape(owner * self.rows + rows, [-1])
        summed = tf.math.unsorted_segment_sum(tf.reshape(shares, [-1]), flat, batch * self.rows)
        return tf.reshape(summed, [batch, self.rows])
