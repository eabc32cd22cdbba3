"""What attention makes of time: a bias for how long before the request an event was."""

import numpy as np
import numpy.typing as npt

from recsys.models.channels.time_buckets import BUCKETS, bucket
from recsys.models.keras import keras, tf

COARSE = 4  # buckets that share a vector of a pause: a phone holds one for each


class TimeBias(keras.layers.Layer):
    """A learned number a head and bucket, added to the attention of a request for an event (as in HSTU, Zhai et al.,
    2024), and a learned vector a bucket for the request's distance from the newest event.

    Anchored at the request: anchored at the newest event, that one would always be 0 seconds old, and nothing would
    tell a minute's pause from a week's.
    """

    def __init__(self, heads: int, width: int, name: str = "time_bias") -> None:
        super().__init__(name=name)
        self.heads, self.width = heads, width

    def build(self, _: tf.TensorShape) -> None:
        self.bias = self.add_weight("bias", [self.heads, BUCKETS], initializer="zeros")
        self.pause = self.add_weight("pause", [-(-BUCKETS // COARSE), self.width], initializer="zeros")

    def call(self, ages: tf.Tensor, requests: tf.Tensor) -> tf.Tensor:
        """``[batch, keys]`` and ``[batch, queries]``, both int32, to ``[batch, heads, queries, keys]``."""
        buckets = bucket(tf.maximum(ages[:, None, :] - requests[:, :, None], 0))
        return tf.stack([tf.gather(self.bias[head], buckets) for head in range(self.heads)], 1)

    def of_heads(self, heads: npt.NDArray[np.intp]) -> "TimeBias":
        """The same for some of the heads."""
        fewer = TimeBias(len(heads), self.width, self.name)
        fewer.build(tf.TensorShape([]))
        fewer.built = True
        fewer.bias.assign(self.bias.numpy()[heads])
        fewer.pause.assign(self.pause)
        return fewer

    def paused(self, ages: tf.Tensor, requests: tf.Tensor) -> tf.Tensor:
        """What the time since each event says by itself, ``[batch, queries, width]``; both ``[batch, queries]``."""
        return tf.gather(self.pause, bucket(tf.maximum(ages - requests, 0)) // COARSE)
