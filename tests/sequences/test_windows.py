"""Windows over long histories, held against what they promise."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys.sequences.windows import cut_windows


@given(st.lists(st.integers(0, 40), max_size=5), st.integers(1, 7), st.integers(1, 7))
def test_windows_cover_everything_and_end_at_the_newest(lengths, length, stride):
    history, start, end = cut_windows(np.array(lengths, np.int64), length, stride)
    for number, total in enumerate(lengths):
        mine = [(int(a), int(b)) for h, a, b in zip(history, start, end, strict=True) if h == number]
        assert [b for _, b in mine] == sorted(b for _, b in mine)
        assert all(b - a == length or a == 0 for a, b in mine)
        assert all(later[1] - earlier[1] == stride for earlier, later in itertools.pairwise(mine))
        if total:
            assert mine[-1][1] == total
        if stride <= length:
            assert {i for a, b in mine for i in range(a, b)} == set(range(total))
