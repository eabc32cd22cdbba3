"""Rows hold runs side by side: none lost, none overlapping, little wasted."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys.training.batches.packing import pack


@given(st.lists(st.integers(1, 20), max_size=60))
def test_every_run_has_slots_of_its_own(lengths: list[int]) -> None:
    rows, columns, count = pack(np.array(lengths, np.int64), 20)
    taken = {(r, c + i) for r, c, n in zip(rows, columns, lengths, strict=True) for i in range(n)}
    assert len(taken) == sum(lengths), "two runs share a slot"
    assert all(0 <= row < count and 0 <= column < 20 for row, column in taken)


def test_short_runs_fill_what_long_ones_leave() -> None:
    # 7 + 3, 6 + 4 and 5 + 5 fill rows of ten.
    _, _, count = pack(np.array([7, 6, 5, 5, 4, 3]), 10)
    assert count == 3
