"""Where an event stands: learned positions added to the input, or rotations of queries and keys."""

import numpy as np

from recsys.models.keras import keras, tf

ROTARY_BASE = 10_000.0


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


def rotary_tables(length: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines of RoFormer (Su et al., 2021), each ``[length, width / 2] float32``."""
    frequencies = ROTARY_BASE ** (-np.arange(0, width, 2) / width)
    angles = np.arange(length)[:, None] * frequencies[None, :]
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def rotate(x: tf.Tensor, cosines: tf.Tensor, sines: tf.Tensor) -> tf.Tensor:
    """Turn each pair ``(x[i], x[i + width / 2])`` by its position's angle.

    Args:
        x: ``[..., length, width]``.
        cosines, sines: broadcast against ``[..., length, width / 2]``.
    """
    left, right = tf.split(x, 2, -1)
    return tf.concat([left * cosines - right * sines, left * sines + right * cosines], -1)
