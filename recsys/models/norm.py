"""Root-mean-square normalization (Zhang and Sennrich, 2019): one reduction, no mean, no bias."""

from recsys.models.keras import keras, tf

EPSILON = 1e-8  # embeddings start at a standard deviation of .02: Keras' default of 1e-3 would drown them


class RMSNorm(keras.layers.Layer):
    """``x / rms(x) * scale`` over the last axis; ``[..., width]`` to ``[..., width]``."""

    def build(self, shape: tf.TensorShape) -> None:
        self.scale = self.add_weight("scale", [shape[-1]], initializer="ones")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), -1, keepdims=True) + EPSILON) * self.scale
