"""Where an event stands: positions counted from either end, and learned vectors for them."""

from recsys.models.keras import keras, tf


def count_positions(real: tf.Tensor, origin: str) -> tf.Tensor:
    """Each event's index, 0 at the newest event (``origin`` "newest") or at the oldest.

    Args:
        real: ``[batch, length] bool``, left-padded.

    Returns:
        ``[batch, length] int32``; padding gets 0 or more and is masked elsewhere.
    """
    ones = tf.cast(real, tf.int32)
    if origin == "newest":
        return tf.cumsum(ones, axis=1, exclusive=True, reverse=True)
    return tf.maximum(tf.cumsum(ones, axis=1) - 1, 0)


class LearnedPositions(keras.layers.Layer):
    """One learned vector an index; ``[batch, length] int32`` to ``[batch, length, width]``."""

    def __init__(self, length: int, width: int, name: str = "positions") -> None:
        super().__init__(name=name)
        self.length, self.width = length, width

    def build(self, _: tf.TensorShape) -> None:
        self.table = self.add_weight(
            "table", [self.length, self.width], initializer=keras.initializers.RandomNormal(stddev=0.02)
        )

    def call(self, positions: tf.Tensor) -> tf.Tensor:
        return tf.gather(self.table, positions)
