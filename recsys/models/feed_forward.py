"""What a block does to each event by itself."""

from typing import Self

import numpy as np

from recsys.models.keras import keras, tf
from recsys.models.strongest import dense_of, strongest


class FeedForward(keras.layers.Layer):
    """Two dense layers with a GELU between; ``[..., width]`` to ``[..., width]``."""

    gates, biased = 1, True  # inner units that one hidden unit is made of; whether the layers have biases

    def __init__(self, width: int, hidden: int, name: str = "feed_forward") -> None:
        super().__init__(name=name)
        self.inner = keras.layers.Dense(self.gates * hidden, use_bias=self.biased, name="inner")
        self.outer = keras.layers.Dense(width, use_bias=self.biased, name="outer")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.outer(tf.nn.gelu(self.inner(x), approximate=True))

    def smaller(self, kept: float) -> Self:
        """One that has the strongest ``kept`` share of this one's hidden units.

        Strength is the product of the norms of the weights that write to a unit and of those that read it.
        """
        outer = self.outer.kernel.numpy()  # [hidden, width]
        parts = self.inner.kernel.numpy().reshape(outer.shape[1], self.gates, -1)
        best = strongest(np.linalg.norm(parts, axis=0).prod(0) * np.linalg.norm(outer, axis=1), kept)
        smaller = type(self)(outer.shape[1], len(best), self.name)
        kernel = parts[:, :, best].reshape(len(parts), -1)
        smaller.inner = dense_of("inner", kernel, self.inner.bias.numpy()[best] if self.biased else None)
        smaller.outer = dense_of("outer", outer[best], self.outer.bias.numpy() if self.biased else None)
        return smaller


class SwiGLU(FeedForward):
    """Gated feed-forward (Shazeer, 2020): ``W₃(silu(W₁x) · W₂x)``."""

    gates, biased = 2, False

    def call(self, x: tf.Tensor) -> tf.Tensor:
        gate, value = tf.split(self.inner(x), 2, -1)
        return self.outer(gate * tf.sigmoid(gate) * value)
