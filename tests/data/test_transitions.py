"""Decayed transitions against counts made one by one."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.transitions import count_transitions

TABLE = 7


def by_hand(histories: list[list[int]], window: int) -> Counter[tuple[int, int]]:
    counts: Counter[tuple[int, int]] = Counter()
    for history in histories:
        for place, source in enumerate(history):
            for step in range(1, window + 1):
                if place + step < len(history):
                    counts[source, history[place + step]] += 1 / step
    return counts


@given(st.lists(st.lists(st.integers(1, TABLE - 1), max_size=9), min_size=1, max_size=6), st.integers(1, 4))
def test_all_transitions_kept(histories: list[list[int]], window: int) -> None:
    offsets = np.cumsum([0, *map(len, histories)])
    items = np.array([item for history in histories for item in history], np.int32)
    found = count_transitions(items, offsets[:-1], offsets[1:], TABLE, window, neighbours=TABLE)
    expected = by_hand(histories, window)
    assert np.count_nonzero(found.weights) == len(expected)
    for source in range(TABLE):
        assert found.totals[source] == pytest.approx(sum(n for (a, _), n in expected.items() if a == source))
        for target, weight in zip(found.neighbours[source], found.weights[source], strict=True):
            assert weight == pytest.approx(expected.get((source, int(target)), 0.0))
        assert not found.weights[source][np.count_nonzero(found.weights[source]) :].any(), "the empty places come last"


def test_the_most_telling_are_kept_and_the_total_counts_all() -> None:
    """1 is followed by 2 three times, by 3 twice, by 4 once; and 5 is followed by 2 six times.

    Of 12 transitions 9 arrive at 2, so from 1 its lift is 3 · 12 / (6 · 9) = 2/3: it tells less than nothing. That of
    3 and of 4 is 2: they tell 2 log 2 and log 2.
    """
    histories = [[1, 2], [1, 2], [1, 2], [1, 3], [1, 3], [1, 4], *[[5, 2]] * 6]
    items = np.array(histories, np.int32).ravel()
    starts = np.arange(0, 24, 2)
    found = count_transitions(items, starts, starts + 2, TABLE, window=1, neighbours=2)
    assert found.neighbours[1].tolist() == [3, 4]
    assert found.weights[1].tolist() == [2, 1]
    assert found.totals[1] == 6


def test_an_average_is_spent_where_most_is_told() -> None:
    """One a row of the table on average is 7 in all, of the 9 that there are; totals count what is not kept, too."""
    histories = [[1, item] for item in (3, 4, 5, 6)] + [[2, item] for item in (3, 4, 5, 6)] * 5 + [[3, 4]]
    items = np.array(histories, np.int32).ravel()
    starts = np.arange(0, len(items), 2)
    found = count_transitions(items, starts, starts + 2, TABLE, window=1, neighbours=4, average=1)
    assert np.count_nonzero(found.weights) == 7
    whole = count_transitions(items, starts, starts + 2, TABLE, window=1, neighbours=4)
    assert np.count_nonzero(whole.weights) == 9
    kept = found.weights > 0
    np.testing.assert_array_equal(found.neighbours[kept], whole.neighbours[kept])
    np.testing.assert_array_equal(found.totals, whole.totals)
    assert (np.diff(kept.astype(int), axis=1) <= 0).all(), "a row keeps its first ones"
