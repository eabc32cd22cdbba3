"""Rotary positions, put together from two small tables, are the angles they stand for."""

import numpy as np
import pytest

from recsys.models.mixers.rotary import ROTARY_BASE, Rotary


@pytest.mark.parametrize(("length", "width"), [(200, 64), (1, 2), (17, 6)])
def test_rotary_tables_hold_every_position(length: int, width: int) -> None:
    positions = np.arange(length, dtype=np.int32)[None, :]
    cosines, sines = (found.numpy() for found in Rotary(length, width)(positions))
    for pair in range(width // 2):
        angles = positions[0] * ROTARY_BASE ** (-2 * pair / width)
        np.testing.assert_allclose(cosines[0, :, pair], np.cos(angles), atol=5e-7)
        np.testing.assert_allclose(sines[0, :, pair], np.sin(angles), atol=5e-7)
