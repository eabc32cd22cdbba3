"""The memory without a user's own transitions is the memory counted without that user."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys.sequences.transitions import count_transitions
from recsys.training.batches.own_transitions import OthersTransitions

ITEMS = 5


@given(
    st.lists(st.lists(st.integers(1, ITEMS), min_size=1, max_size=7), min_size=1, max_size=4),
    st.integers(1, 3),
    st.data(),
)
def test_own_transitions_are_as_if_they_had_never_been_counted(
    histories: list[list[int]], window: int, data: st.DataObject
) -> None:
    offsets = np.cumsum([0, *map(len, histories)])
    items = np.concatenate([np.array(one, np.int32) for one in histories])

    def counted(users: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Counts ``[table, table]`` and totals ``[table]`` over these users, nothing left out."""
        starts, ends = offsets[:-1][users], offsets[1:][users]
        found = count_transitions(items, starts, ends, ITEMS + 1, window, neighbours=ITEMS + 1)
        table = np.zeros((ITEMS + 1, ITEMS + 1))
        for source in range(ITEMS + 1):
            np.add.at(table[source], found.neighbours[source], found.weights[source])
        return table, found.totals

    everyone = list(range(len(histories)))
    batch = sorted(data.draw(st.sets(st.sampled_from(everyone), min_size=1)))  # some users, as a batch has them
    asked = [(place, source, target) for place in range(len(batch)) for source in range(1, 6) for target in range(1, 6)]
    user, source, target = np.array(asked).T
    transitions = count_transitions(items, offsets[:-1], offsets[1:], ITEMS + 1, window, neighbours=ITEMS + 1)
    counts, totals = OthersTransitions(transitions).look_up(
        items, offsets[:-1][batch], offsets[1:][batch], user, source[:, None].astype(np.int32), target.astype(np.int32)
    )
    for number, (place, one, other) in enumerate(asked):
        table, left = counted([user for user in everyone if user != batch[place]])
        assert abs(counts[number, 0] - table[one, other]) < 1e-5
        assert abs(totals[number, 0] - max(left[one], 0.01)) < 1e-5


def test_totals_are_raised_to_the_normalization() -> None:
    """1 led to 2 in four histories, one of which is the user's own: 3 are left, and they are divided by 3 ** .5."""
    items, starts = np.array([1, 2] * 4, np.int32), np.arange(0, 8, 2)
    others = OthersTransitions(count_transitions(items, starts, starts + 2, 3, window=1, neighbours=2), 0.5)
    counts, divisors = others.look_up(
        items, starts[:1], starts[:1] + 2, np.array([0]), np.array([[1]], np.int32), np.array([2], np.int32)
    )
    assert (counts.tolist(), divisors.tolist()) == ([[3.0]], [[np.float32(3**0.5)]])


def test_several_sources_of_one_target_are_looked_up_beside_each_other() -> None:
    """Users 1 2 3 and 1 3: without the first, 1 led to 3 once and to nothing else, and nothing came from 2."""
    items = np.array([1, 2, 3, 1, 3], np.int32)
    starts, ends = np.array([0, 3]), np.array([3, 5])
    others = OthersTransitions(count_transitions(items, starts, ends, 4, window=1, neighbours=3))
    counts, totals = others.look_up(
        items, starts[:1], ends[:1], np.array([0]), np.array([[1, 2, 0]], np.int32), np.array([3], np.int32)
    )
    assert counts.tolist() == [[1.0, 0.0, 0.0]]
    np.testing.assert_allclose(totals, [[1.0, 0.01, 0.01]])


def test_without_any_transition_everything_is_zero() -> None:
    items = np.array([1], np.int32)
    others = OthersTransitions(count_transitions(items, np.array([0]), np.array([1]), 3, window=2, neighbours=1))
    counts, totals = others.look_up(
        items, np.array([0]), np.array([1]), np.array([0]), np.array([[1]], np.int32), np.array([2], np.int32)
    )
    assert (counts.tolist(), totals.tolist()) == ([[0.0]], [[np.float32(0.01)]])
