"""How much the memory listens to each of the newest items, and how much it is listened to."""

import numpy as np

from recsys.config.model import ModelConfig
from recsys.core.history import History
from recsys.core.schema import PAD_ID
from recsys.models.channels.categories import categories_of
from recsys.models.channels.time_buckets import BUCKETS, bucket
from recsys.models.keras import keras, tf
from recsys.models.memory.band import CHUNK, Band, frame
from recsys.models.mixers.attention import MASKED

# Where learning starts: the decay and the scale that suit a plain sum of the two scores.
INITIAL_DECAY = 0.7
INITIAL_SCALE = 100.0
INITIAL_GAIN = 1.5


class MemoryAttention(keras.layers.Layer):
    """All that the memory learns."""

    def __init__(self, model: ModelConfig, name: str = "memory") -> None:
        super().__init__(name=name)
        assert model.memory is not None
        config = model.memory
        self.config, self.width = config, model.width
        width, reads_times = model.width, model.request_time
        self.query = keras.layers.Dense(width, use_bias=False, name="query")
        self.key = keras.layers.Dense(width, use_bias=False, name="key")
        self.confidence = keras.layers.Dense(1, kernel_initializer="zeros", name="confidence")
        constant = keras.initializers.Constant
        decay = constant(np.log(INITIAL_DECAY) * np.arange(config.newest))
        self.age_bias = self.add_weight("age_bias", [config.newest], initializer=decay)
        self.time_bias = self.add_weight("time_bias", [BUCKETS], initializer="zeros") if reads_times else None
        # By what kind of event it was: what people go on to after an item that they disliked need not be heard.
        self.category_biases = {
            channel: self.add_weight(f"{channel}_bias", [rows], initializer="zeros")
            for channel, rows in categories_of(model).items()
        }
        self.log_scale = self.add_weight("log_scale", [], initializer=constant(np.log(INITIAL_SCALE)))
        self.gain = self.add_weight("gain", [], initializer=constant(INITIAL_GAIN))

    def band(
        self, hidden: tf.Tensor, embedded: tf.Tensor, history: History, segments: tf.Tensor, requests: tf.Tensor
    ) -> Band:
        """Attention of every position over the newest items up to it.

        Args:
            hidden: ``[batch, length, width]``, what asks.
            embedded: ``[batch, length, width]`` item embeddings, what is asked.
            history, segments, requests: ``[batch, length] int32``, as ``Context`` has the last two.
        """
        newest, ids = self.config.newest, history.items
        length = tf.shape(ids)[1]
        tail = [[0, 0], [0, -length % CHUNK]]
        queries = tf.pad(self.query(hidden), [*tail, [0, 0]])
        queries = tf.reshape(queries, [tf.shape(ids)[0], -1, CHUNK, self.width])
        scores = tf.matmul(queries, frame(self.key(embedded), newest), transpose_b=True) / self.width**0.5
        # Query a of a chunk sees keys a … a + newest - 1 of its frame; the last of them is its own item.
        age = np.arange(CHUNK)[:, None] + newest - 1 - np.arange(CHUNK + newest - 1)[None, :]
        inside = (age >= 0) & (age < newest)
        scores += tf.where(inside, tf.gather(self.age_bias, np.clip(age, 0, newest - 1)), MASKED)
        if self.time_bias is not None:
            requested = tf.reshape(tf.pad(requests, tail), [tf.shape(ids)[0], -1, CHUNK, 1])
            seconds = tf.maximum(frame(history.times, newest)[:, :, None, :] - requested, 0)
            scores += tf.gather(self.time_bias, bucket(seconds))
        for channel, bias in self.category_biases.items():
            scores += tf.gather(bias, frame(getattr(history, channel), newest))[:, :, None, :]
        asking = tf.reshape(tf.pad(segments, tail), [tf.shape(ids)[0], -1, CHUNK, 1])
        asked = frame(segments, newest)[:, :, None, :]
        seen = tf.equal(asking, asked) & tf.not_equal(asked, 0)
        weights = tf.nn.softmax(tf.where(seen, scores, MASKED))
        return Band(tf.where(seen & inside, weights, 0.0), frame(ids, newest))

    def newest_weights(self, query: tf.Tensor, embedded: tf.Tensor, newest: History) -> tf.Tensor:
        """The band for the newest position alone.

        Args:
            query: ``[batch, width]`` hidden state.
            embedded: ``[batch, newest, width]``.
            newest: ``[batch, newest]``, oldest first.

        Returns:
            ``[batch, newest]``, 0 on padding.
        """
        scores = tf.matmul(self.key(embedded), self.query(query)[:, :, None])[:, :, 0] / self.width**0.5
        scores += self.age_bias[::-1]
        if self.time_bias is not None:
            scores += tf.gather(self.time_bias, bucket(newest.times))
        for channel, bias in self.category_biases.items():
            scores += tf.gather(bias, getattr(newest, channel))
        real = tf.not_equal(newest.items, PAD_ID)
        weights = tf.nn.softmax(tf.where(real, scores, MASKED))
        return tf.where(real, weights, 0.0)

    def logits(self, hidden: tf.Tensor, support: tf.Tensor) -> tf.Tensor:
        """What the memory adds to logits.

        Args:
            hidden: ``[n, width]``.
            support: ``[n, candidates]``, attention-weighted shares of transitions.
        """
        return self.weight(hidden) * tf.math.log(1.0 + tf.exp(self.log_scale) * support)

    def weight(self, hidden: tf.Tensor) -> tf.Tensor:
        """How much the memory is listened to after each ``hidden [n, width]``: ``[n, 1]``."""
        return 2.0 * self.gain * tf.sigmoid(self.confidence(hidden))
