"""What a block does to each event by itself."""

from recsys.models.keras import keras, tf


class FeedForward(keras.layers.Layer):
    """Two dense layers with a GELU between; ``[..., width]`` to ``[..., width]``."""

    def __init__(self, width: int, hidden: int, name: str = "feed_forward") -> None:
        super().__init__(name=name)
        self.inner = keras.layers.Dense(hidden, name="inner")
        self.outer = keras.layers.Dense(width, name="outer")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.outer(tf.nn.gelu(self.inner(x), approximate=True))


class SwiGLU(keras.layers.Layer):
    """Gated feed-forward (Shazeer, 2020): ``W₃(silu(W₁x) · W₂x)``."""

    def __init__(self, width: int, hidden: int, name: str = "feed_forward") -> None:
        super().__init__(name=name)
        self.inner = keras.layers.Dense(2 * hidden, use_bias=False, name="inner")
        self.outer = keras.layers.Dense(width, use_bias=False, name="outer")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        gate, value = tf.split(self.inner(x), 2, -1)
        return self.outer(gate * tf.sigmoid(gate) * value)
