"""Transition memory: a banded attention head whose values are rows of a table of observed transitions.

Each position asks, over the newest items of its history, how much each one's row counts; a candidate's logit grows
with what those rows say of it. The rows are counted, not learned; what is learned is whom to listen to, how far,
and when. Built here because a window-weighted Markov chain and attention err on different users.
"""

from typing import NamedTuple

import numpy as np

from recsys.config.model import MemoryConfig
from recsys.data.transitions import Transitions
from recsys.models.attention import MASKED
from recsys.models.keras import keras, tf
from recsys.schema import PAD_ID

# Where learning starts: the decay and the scale that suit a plain sum of the two scores.
INITIAL_DECAY = 0.7
INITIAL_SCALE = 100.0
INITIAL_GAIN = 1.5
CHUNK = 25  # queries that share one frame of keys in the band; divides the usual lengths


class Band(NamedTuple):
    """Memory attention over framed keys.

    Attributes:
        weights: ``[batch, frames, CHUNK, keys]``, zero outside the band.
        ids: ``[batch, frames, keys] int32``, the items whose rows are read.
    """

    weights: tf.Tensor
    ids: tf.Tensor


def frame(x: tf.Tensor, newest: int) -> tf.Tensor:
    """Keys for each chunk of queries: ``[batch, length, …]`` to ``[batch, frames, CHUNK + newest - 1, …]``."""
    length = tf.shape(x)[1]
    padding = [[0, 0], [newest - 1, -length % CHUNK]] + [[0, 0]] * (len(x.shape) - 2)
    return tf.signal.frame(tf.pad(x, padding), CHUNK + newest - 1, CHUNK, axis=1)


class TransitionMemory(keras.layers.Layer):
    """Reads transition rows for each position of a history, and weighs what they say.

    Args:
        table_size: rows of the item table.
    """

    def __init__(self, config: MemoryConfig, width: int, table_size: int, name: str = "memory") -> None:
        super().__init__(name=name)
        self.config, self.width, self.table_size = config, width, table_size
        self.query = keras.layers.Dense(width, use_bias=False, name="query")
        self.key = keras.layers.Dense(width, use_bias=False, name="key")
        self.confidence = keras.layers.Dense(1, kernel_initializer="zeros", name="confidence")
        newest, kept = config.newest, config.neighbours
        decay = keras.initializers.Constant(np.log(INITIAL_DECAY) * np.arange(newest))
        self.age_bias = self.add_weight("age_bias", [newest], initializer=decay)
        self.log_scale = self.add_weight(
            "log_scale", [], initializer=keras.initializers.Constant(np.log(INITIAL_SCALE))
        )
        self.gain = self.add_weight("gain", [], initializer=keras.initializers.Constant(INITIAL_GAIN))
        self.make_table(table_size, kept)

    def make_table(self, table_size: int, kept: int) -> None:
        """The variables that ``assign`` fills; export reads other tables and makes none."""
        constant = {"trainable": False, "initializer": "zeros"}
        self.neighbours = self.add_weight("neighbours", [table_size, kept], dtype=tf.int32, **constant)
        self.counts = self.add_weight("counts", [table_size, kept], **constant)
        self.totals = self.add_weight("totals", [table_size], trainable=False, initializer="ones")

    def assign(self, transitions: Transitions) -> None:
        """Take the counted transitions as the table that is read."""
        self.neighbours.assign(transitions.neighbours)
        self.counts.assign(transitions.weights)
        self.totals.assign(np.maximum(transitions.totals, 1e-6))

    def band(self, hidden: tf.Tensor, embedded: tf.Tensor, ids: tf.Tensor, segments: tf.Tensor) -> Band:
        """Attention of every position over the newest items up to it.

        Args:
            hidden: ``[batch, length, width]``, what asks.
            embedded: ``[batch, length, width]`` item embeddings, what is asked.
            ids, segments: ``[batch, length] int32``.
        """
        newest = self.config.newest
        length = tf.shape(ids)[1]
        tail = [[0, 0], [0, -length % CHUNK]]
        queries = tf.pad(self.query(hidden), [*tail, [0, 0]])
        queries = tf.reshape(queries, [tf.shape(ids)[0], -1, CHUNK, self.width])
        scores = tf.matmul(queries, frame(self.key(embedded), newest), transpose_b=True) / self.width**0.5
        # Query a of a chunk sees keys a … a + newest - 1 of its frame; the last of them is its own item.
        age = np.arange(CHUNK)[:, None] + newest - 1 - np.arange(CHUNK + newest - 1)[None, :]
        inside = (age >= 0) & (age < newest)
        scores += tf.where(inside, tf.gather(self.age_bias, np.clip(age, 0, newest - 1)), MASKED)
        asking = tf.reshape(tf.pad(segments, tail), [tf.shape(ids)[0], -1, CHUNK, 1])
        asked = frame(segments, newest)[:, :, None, :]
        seen = tf.equal(asking, asked) & tf.not_equal(asked, 0)
        weights = tf.nn.softmax(tf.where(seen, scores, MASKED))
        return Band(tf.where(seen & inside, weights, 0.0), frame(ids, newest))

    def newest_weights(self, query: tf.Tensor, embedded: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        """The band for the newest position alone.

        Args:
            query: ``[batch, width]`` hidden state.
            embedded: ``[batch, newest, width]``; ids: ``[batch, newest] int32``, oldest first.

        Returns:
            ``[batch, newest]``, 0 on padding.
        """
        scores = tf.matmul(self.key(embedded), self.query(query)[:, :, None])[:, :, 0] / self.width**0.5
        real = tf.not_equal(ids, PAD_ID)
        weights = tf.nn.softmax(tf.where(real, scores + self.age_bias[::-1], MASKED))
        return tf.where(real, weights, 0.0)

    def logits(self, hidden: tf.Tensor, support: tf.Tensor) -> tf.Tensor:
        """What the memory adds to logits.

        Args:
            hidden: ``[n, width]``.
            support: ``[n, candidates]``, attention-weighted transition probabilities.
        """
        trust = 2.0 * self.gain * tf.sigmoid(self.confidence(hidden))  # [n, 1]
        return trust * tf.math.log(1.0 + tf.exp(self.log_scale) * support)

    def read(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Rows of the table: neighbours and the probabilities of going on to them.

        Args:
            ids: ``[batch, newest] int32``.

        Returns:
            ``([batch, newest, kept] int32, [batch, newest, kept] float32)``; export reads compressed tables instead.
        """
        totals = tf.gather(self.totals, ids)[..., None]
        return tf.gather(self.neighbours, ids), tf.gather(self.counts, ids) / totals

    def support(self, weights: tf.Tensor, ids: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """Attention-weighted probability of going on to each candidate.

        Args:
            weights: ``[batch, newest]``; ids: ``[batch, newest] int32``; candidates: ``[batch, n] int32``.

        Returns:
            ``[batch, n]``.
        """
        rows, probabilities = self.read(ids)
        shares = probabilities * weights[:, :, None]
        flat = [tf.shape(ids)[0], self.config.newest * self.config.neighbours]
        hits = tf.equal(tf.reshape(rows, flat)[:, :, None], candidates[:, None, :])  # [batch, newest * kept, n]
        return tf.matmul(tf.reshape(shares, flat)[:, None, :], tf.cast(hits, tf.float32))[:, 0]

    def support_all(self, weights: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        """``support`` of every row of the item table, ``[batch, table_size]``; arguments as there."""
        rows, probabilities = self.read(ids)
        shares = probabilities * weights[:, :, None]
        batch = tf.shape(ids)[0]
        owner = tf.broadcast_to(tf.range(batch)[:, None, None], tf.shape(rows))
        flat = tf.reshape(owner * self.table_size + rows, [-1])
        summed = tf.math.unsorted_segment_sum(tf.reshape(shares, [-1]), flat, batch * self.table_size)
        return tf.reshape(summed, [batch, self.table_size])

    def columns(self, ids: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        """Dense transition counts between two lists of items.

        Args:
            ids: ``[rows] int32`` items gone from; columns: ``[n] int32``, distinct or not, gone to.

        Returns:
            ``[rows, n] float32``.
        """
        count = tf.shape(columns)[0]
        # A column that stands twice is filled once and copied by the gather below.
        place = tf.tensor_scatter_nd_update(tf.fill([self.table_size], -1), columns[:, None], tf.range(count))
        rows = tf.gather(place, tf.gather(self.neighbours, ids))  # [rows, kept]
        owner = tf.broadcast_to(tf.range(tf.shape(ids)[0])[:, None], tf.shape(rows))
        flat = tf.where(rows >= 0, owner * count + rows, -1)  # negative segments are dropped
        summed = tf.math.unsorted_segment_sum(
            tf.reshape(tf.gather(self.counts, ids), [-1]), tf.reshape(flat, [-1]), tf.shape(ids)[0] * count
        )
        return tf.gather(tf.reshape(summed, [-1, count]), tf.gather(place, columns), axis=1)
