"""The phone's transition memory against plain arithmetic."""

import numpy as np
import pytest

from recsys.export.memory_tables import CompactMemory, ExactMemory, heaviest

RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize("rows", [3, 300, 4096, 40_000])
def test_compact_memory_reads_as_the_exact_one(rows):
    """Half an octave a step: a probability is off by at most a factor 2^(1/4), and what is 2^-7 below is nothing."""
    neighbours = RANDOM.integers(1, rows, (rows, 5)).astype(np.int32)
    neighbours[0, 0] = rows - 1
    counts = -np.sort(-RANDOM.random((rows, 5)), 1).astype(np.float32)
    counts[0, 1:] = 0.0
    totals = counts.sum(1)
    ids = np.array([[0, rows - 1]], np.int32)
    found_ids, found = (x.numpy() for x in CompactMemory(neighbours, counts, totals, 5).rows(ids))
    wanted_ids, wanted = (x.numpy() for x in ExactMemory(neighbours, counts / totals[:, None]).rows(ids))
    for place in np.ndindex(2):
        item = (0, *place)
        exact = _summed(wanted_ids[item], wanted[item], rows)
        ours = _summed(found_ids[item], found[item], rows)
        assert not ours[exact == 0].any()
        kept = exact > (counts / totals[:, None]).max() * 2.0**-6
        np.testing.assert_allclose(ours[kept], exact[kept], rtol=2**0.25 - 1 + 1e-3, atol=2.0**-7)


def _summed(ids, probabilities, rows):
    """A dense row: a neighbour that stands twice counts twice."""
    return np.bincount(ids, probabilities, rows)


def test_neighbours_stand_in_the_order_of_their_ids():
    """Half an octave a step below 1/2: .5, .25 and .125 are steps 0, 2 and 4."""
    memory = CompactMemory(
        np.array([[9, 4, 7]], np.int32), np.array([[4, 2, 1]], np.float32), np.array([8], np.float32), 3
    )
    ids, probabilities = memory.rows(np.array([[0]], np.int32))
    assert ids.numpy().tolist() == [[[4, 7, 9]]]
    np.testing.assert_allclose(probabilities.numpy(), [[[0.25, 0.125, 0.5]]], rtol=1e-6)


@pytest.mark.parametrize(("rows", "width"), [(100, 2), (14_000, 4)])
def test_starts_take_two_bytes_where_they_fit(rows, width):
    """14,000 rows of 5 are 70,000 entries, more than two bytes count; every row is read where it begins."""
    neighbours = np.arange(rows * 5, dtype=np.int32).reshape(rows, 5) % 4000
    memory = CompactMemory(neighbours, np.ones((rows, 5), np.float32), np.full(rows, 5, np.float32), 5)
    assert memory.constants["starts"].itemsize == width
    ids, probabilities = memory.rows(np.array([[0, rows - 1]], np.int32))
    assert sorted(ids.numpy()[0, 1].tolist()) == sorted(neighbours[-1].tolist())
    np.testing.assert_allclose(probabilities.numpy(), 0.25 * 2**-0.5, rtol=1e-6)  # .2 is nearest to step 1 below .25


def test_the_heaviest_transitions_stay():
    """Three of six: 9, 7 and 5, so the first row keeps two and the second one; a zero is never kept."""
    counts = np.array([[9, 7, 1], [5, 2, 0]], np.float32)
    assert heaviest(counts, 3).tolist() == [[True, True, False], [True, False, False]]
    assert heaviest(counts, 9).tolist() == [[True, True, True], [True, True, False]]


def test_an_empty_memory_gives_nothing():
    memory = CompactMemory(np.zeros((4, 2), np.int32), np.zeros((4, 2), np.float32), np.ones(4, np.float32), 2)
    assert not memory.rows(np.array([[1, 3]], np.int32))[1].numpy().any()
