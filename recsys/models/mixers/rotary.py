"""Rotary positions (RoFormer, Su et al., 2021): queries and keys turned by the angle of their position."""

from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.models.keras import tf

ROTARY_BASE = 10_000.0
STRIDE = 16


class Rotary:
    """Cosines and sines for positions below ``length``.

    Held for every 16th position and for the 15 between two of them, and put together by
    ``cos(a + b) = cos a cos b - sin a sin b``: a phone's file has 29 rows for 200 positions, not 200.
    """

    def __init__(self, length: int, width: int) -> None:
        frequencies = ROTARY_BASE ** (-np.arange(0, width, 2) / width)
        self.coarse = self._table(STRIDE * np.arange(-(-length // STRIDE)), frequencies)
        self.fine = self._table(np.arange(STRIDE), frequencies)

    def __call__(self, positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """``[batch, length] int32`` to cosines and sines, each ``[batch, length, width / 2] float32``."""
        (cos_a, sin_a), (cos_b, sin_b) = (
            (tf.gather(cosines, places), tf.gather(sines, places))
            for (cosines, sines), places in (
                (self.coarse, tf.math.floordiv(positions, STRIDE)),
                (self.fine, tf.math.floormod(positions, STRIDE)),
            )
        )
        return cos_a * cos_b - sin_a * sin_b, sin_a * cos_b + cos_a * sin_b

    @staticmethod
    def _table(
        positions: npt.NDArray[np.integer[Any]], frequencies: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        angles = positions[:, None] * frequencies[None, :]
        return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def rotate(x: tf.Tensor, cosines: tf.Tensor, sines: tf.Tensor) -> tf.Tensor:
    """Turn each pair ``(x[i], x[i + width / 2])`` by its position's angle.

    Args:
        x: ``[..., length, width]``.
        cosines, sines: broadcast against ``[..., length, width / 2]``.
    """
    left, right = tf.split(x, 2, -1)
    return tf.concat([left * cosines - right * sines, left * sines + right * cosines], -1)
