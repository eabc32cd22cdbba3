"""Decayed transitions against counts made one by one."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.sequences.transitions import count_transitions, highest_pmi

TABLE = 7


def by_hand(
    histories: list[list[int]], window: int, decay: float = 1.0, context: frozenset[int] = frozenset()
) -> Counter[tuple[int, int]]:
    """What stands on ``context`` items is never arrived at."""
    counts: Counter[tuple[int, int]] = Counter()
    for history in histories:
        for place, source in enumerate(history):
            for step in range(1, window + 1):
                if place + step < len(history) and history[place + step] not in context:
                    counts[source, history[place + step]] += 1 / step**decay
    return counts


@given(
    st.lists(st.lists(st.integers(1, TABLE - 1), max_size=9), min_size=1, max_size=6),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_all_transitions_kept(histories: list[list[int]], window: int, decay: float) -> None:
    offsets = np.cumsum([0, *map(len, histories)])
    items = np.array([item for history in histories for item in history], np.int32)
    found = count_transitions(items, offsets[:-1], offsets[1:], TABLE, window, neighbours=TABLE, decay=decay)
    expected = by_hand(histories, window, decay)
    assert np.count_nonzero(found.weights) == len(expected)
    for source in range(TABLE):
        assert found.totals[source] == pytest.approx(sum(n for (a, _), n in expected.items() if a == source))
        for target, weight in zip(found.neighbours[source], found.weights[source], strict=True):
            assert weight == pytest.approx(expected.get((source, int(target)), 0.0))
        assert not found.weights[source][np.count_nonzero(found.weights[source]) :].any(), "the empty places come last"


@given(st.lists(st.lists(st.integers(1, TABLE - 1), max_size=9), min_size=1, max_size=6), st.integers(1, 4))
def test_only_arrivals_at_targets_count(histories: list[list[int]], window: int) -> None:
    """Items 1 and 2 are only context here: what follows them counts, what leads to them does not."""
    offsets = np.cumsum([0, *map(len, histories)])
    items = np.array([item for history in histories for item in history], np.int32)
    bounds = items, offsets[:-1], offsets[1:]
    found = count_transitions(*bounds, TABLE, window, neighbours=TABLE, targets=items > 2)
    for source in range(TABLE):
        counted = {int(t): w for t, w in zip(found.neighbours[source], found.weights[source], strict=True) if w}
        expected = {t: n for (s, t), n in by_hand(histories, window, context=frozenset({1, 2})).items() if s == source}
        assert counted == pytest.approx(expected)


@pytest.mark.parametrize("pairs", [1, 3, 1000])
@pytest.mark.parametrize("average", [None, 1])
def test_counted_in_parts_as_at_once(pairs: int, average: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    items, lengths = rng.integers(1, TABLE, 60).astype(np.int32), rng.integers(0, 9, 12)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    counted = (items, offsets[:-1], offsets[1:], TABLE, 3, 4, average)
    whole = count_transitions(*counted)
    monkeypatch.setattr("recsys.sequences.pairs.PAIRS", pairs)
    monkeypatch.setattr("recsys.sequences.pairs.RANGES", 5)
    found = count_transitions(*counted)
    for name in ("neighbours", "weights", "totals"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name), name)


def test_the_heaviest_are_kept_and_the_total_counts_all() -> None:
    # 1 is followed by 2 three times, by 3 twice, by 4 once.
    histories = [[1, 2], [1, 2], [1, 2], [1, 3], [1, 3], [1, 4]]
    items = np.array(histories, np.int32).ravel()
    starts = np.arange(0, 12, 2)
    found = count_transitions(items, starts, starts + 2, TABLE, window=1, neighbours=2)
    assert found.neighbours[1].tolist() == [2, 3]
    assert found.weights[1].tolist() == [3, 2]
    assert found.totals[1] == 6


def test_an_average_is_spent_on_what_tells_most() -> None:
    """One a row of seven on average is seven in all, of the nine that there are.

    26 transitions: 1 goes on to 3, 4, 5 and 6 once each, 2 to each of them five times, 3 to 4 twice. 4 arrives 8 times,
    so from 1 its lift is 1 · 26 / (4 · 8) < 1: it tells least. From 2 its lift is 5 · 26 / (20 · 8) = .81, and five
    times the logarithm of that is less still. Both go, though the second is among the heaviest; rows close their gaps.
    """
    histories = [[1, item] for item in (3, 4, 5, 6)] + [[2, item] for item in (3, 4, 5, 6)] * 5 + [[3, 4]] * 2
    items = np.array(histories, np.int32).ravel()
    starts = np.arange(0, len(items), 2)
    found = count_transitions(items, starts, starts + 2, TABLE, window=1, neighbours=4, average=1)
    assert found.neighbours.tolist()[1:4] == [[3, 5, 6, 0], [3, 5, 6, 0], [4, 0, 0, 0]]
    assert found.weights.tolist()[1:4] == [[1, 1, 1, 0], [5, 5, 5, 0], [2, 0, 0, 0]]
    assert found.totals.tolist()[1:4] == [4, 20, 2]


def test_the_most_telling_transitions_stay():
    """Item 3 follows everything: 9 of 18 transitions from item 1 to it are its share, and tell nothing.

    Of all 36 half arrive at 3, so its lift is 1 from both; 2 arrives 10 times, 9 of them from item 1, lift 1.8, and 4
    arrives 8 times, all from item 0, lift 2: 8 log 2 = 5.5 and 9 log 1.8 = 5.3.
    """
    neighbours = np.array([[3, 2, 4], [3, 2, 0]], np.int32)
    counts = np.array([[9, 1, 8], [9, 9, 0]], np.float32)
    assert highest_pmi(neighbours, counts, 2).tolist() == [[False, False, True], [False, True, False]]
    assert highest_pmi(neighbours, counts, 4).sum() == 4
    assert highest_pmi(neighbours, counts, 9).tolist() == [[True, True, True], [True, True, False]]
