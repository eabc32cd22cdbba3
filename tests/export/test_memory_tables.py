"""The phone's transition memory against plain arithmetic."""

import numpy as np
import pytest

from recsys.export.graph.memory_tables import CompactMemory, ExactMemory

RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize("rows", [3, 300, 4096, 40_000])
def test_compact_memory_reads_as_the_exact_one(rows):
    """A quarter of an octave a step: a probability is off by at most 2^(1/8), down to 2^-3.25 of its row's largest."""
    neighbours = RANDOM.integers(1, rows, (rows, 5)).astype(np.int32)
    neighbours[0, 0] = rows - 1
    counts = -np.sort(-RANDOM.random((rows, 5)), 1).astype(np.float32)
    counts[0, 1:] = 0.0
    totals = counts.sum(1)
    ids = np.array([[0, rows - 1]], np.int32)
    found_ids, found = (x.numpy() for x in CompactMemory(neighbours, counts, totals, 5).read(ids))
    wanted_ids, wanted = (x.numpy() for x in ExactMemory(neighbours, counts / totals[:, None]).read(ids))
    for place in np.ndindex(2):
        item = (0, *place)
        exact = _summed(wanted_ids[item], wanted[item], rows)
        ours = _summed(found_ids[item], found[item], rows)
        assert not ours[exact == 0].any()
        np.testing.assert_allclose(ours, exact, rtol=2**0.125 - 1 + 1e-3, atol=exact.max() * 2.0**-3.25)


@pytest.mark.parametrize("longest", [5, 300])
def test_every_row_begins_where_the_one_before_it_ends(longest):
    """35 rows, three groups of 16, of any length from none; equal counts, so each reads as it was counted: 1 of 512."""
    lengths = RANDOM.integers(0, longest + 1, 35)
    lengths[[0, 16, 20]] = longest, 0, longest
    counts = (np.arange(longest) < lengths[:, None]).astype(np.float32)
    neighbours = np.where(counts > 0, RANDOM.permuted(np.tile(np.arange(1, longest + 1), (35, 1)), axis=1), 0)
    memory = CompactMemory(neighbours.astype(np.int32), counts, np.full(35, 512, np.float32), longest)
    assert memory.constants["lengths"].itemsize == (1 if longest < 256 else 4)
    ids, probabilities = (x.numpy()[0] for x in memory.read(np.arange(35, dtype=np.int32)[None]))
    for row in range(35):
        read = probabilities[row] > 0
        assert sorted(ids[row, read].tolist()) == sorted(neighbours[row, : lengths[row]].tolist()), f"row {row}"
        np.testing.assert_allclose(probabilities[row, read], 1 / 512, rtol=1e-5)


def _summed(ids, probabilities, rows):
    """A dense row: a neighbour that stands twice counts twice."""
    return np.bincount(ids, probabilities, rows)


def test_neighbours_stand_in_the_order_of_their_ids():
    """Four steps an octave below 1/2: .5, .25 and .125 are exact."""
    memory = CompactMemory(
        np.array([[9, 4, 7]], np.int32), np.array([[4, 2, 1]], np.float32), np.array([8], np.float32), 3
    )
    ids, probabilities = memory.read(np.array([[0]], np.int32))
    assert ids.numpy().tolist() == [[[4, 7, 9]]]
    np.testing.assert_allclose(probabilities.numpy(), [[[0.25, 0.125, 0.5]]], rtol=1e-6)


@pytest.mark.parametrize(("rows", "width"), [(100, 2), (14_000, 4)])
def test_starts_take_two_bytes_where_they_fit(rows, width):
    """14,000 rows of 5 are 70,000 entries, more than two bytes count; every row is read where it begins."""
    neighbours = np.arange(rows * 5, dtype=np.int32).reshape(rows, 5) % 4000
    memory = CompactMemory(neighbours, np.ones((rows, 5), np.float32), np.full(rows, 5, np.float32), 5)
    assert memory.constants["starts"].itemsize == width
    ids, probabilities = memory.read(np.array([[0, rows - 1]], np.int32))
    assert sorted(ids.numpy()[0, 1].tolist()) == sorted(neighbours[-1].tolist())
    np.testing.assert_allclose(probabilities.numpy(), 0.25 * 2**-0.25, rtol=1e-6)  # .210 is the nearest step to .2


def test_a_faint_row_keeps_its_differences():
    """The first row's probabilities are a thousandth of the second's; both read as they are."""
    counts = np.array([[4, 1], [4, 1]], np.float32)
    memory = CompactMemory(np.array([[1, 2], [1, 2]], np.int32), counts, np.array([8192, 8], np.float32), 2)
    _, probabilities = memory.read(np.array([[0, 1]], np.int32))
    np.testing.assert_allclose(probabilities.numpy(), [[[2**-11, 2**-13], [0.5, 0.125]]], rtol=1e-5)


def test_shares_above_one_are_read_as_they_are():
    """Counts that are divided by less than their total: 64 / 8 and 16 / 8."""
    counts = np.array([[64, 16]], np.float32)
    memory = CompactMemory(np.array([[1, 2]], np.int32), counts, np.array([8], np.float32), 2)
    np.testing.assert_allclose(memory.read(np.array([[0]], np.int32))[1].numpy(), [[[8.0, 2.0]]], rtol=1e-5)


def test_what_rows_keep_does_not_depend_on_rows_that_are_added():
    random = np.random.default_rng(3)
    neighbours = random.integers(1, 20, (20, 6)).astype(np.int32)
    counts = random.integers(1, 50, (20, 6)).astype(np.float32)
    alone = CompactMemory(neighbours, counts, counts.sum(1), 2)
    empty = ((0, 40), (0, 0))
    divisors = np.pad(counts.sum(1), (0, 40), constant_values=1)
    longer = CompactMemory(np.pad(neighbours, empty), np.pad(counts, empty), divisors, 2, added=40)
    lengths = [one.constants["lengths"].ravel() for one in (alone, longer)]
    assert lengths[0].sum() == 40
    assert lengths[1][:20].tolist() == lengths[0][:20].tolist()
    np.testing.assert_array_equal(longer.constants["packed"], alone.constants["packed"][:40])


# As in tests/sequences/test_transitions.py: of all 36 transitions half arrive at 3. 1 to 2 tells 8 log 2, 2 to 1 tells
# 9 log 1.8, and what leads to 3 tells nothing; 1 to 1 has a lift of .2 and tells least.
COUNTED = {1: {3: 9.0, 2: 8.0, 1: 1.0}, 2: {3: 9.0, 1: 9.0}}


def kept_by(rows: dict[int, dict[int, float]], size: int, average: int, added: int) -> dict[int, list[int]]:
    """The neighbours that each row of a table keeps; of counted rows a divisor is the total of the counts."""
    neighbours, counts = np.zeros((size, 4), np.int32), np.zeros((size, 4), np.float32)
    for row, entries in rows.items():
        neighbours[row, : len(entries)], counts[row, : len(entries)] = [*entries], [*entries.values()]
    divisors = np.array([18 if row in COUNTED else 1 for row in range(size)], np.float32)
    memory = CompactMemory(neighbours, counts, divisors, average, added)
    ids, shares = (x.numpy()[0] for x in memory.read(np.arange(size, dtype=np.int32)[None]))
    return {row: ids[row][shares[row] > 0].tolist() for row in range(size) if (shares[row] > 0).any()}


def test_added_rows_have_a_budget_of_their_own():
    """Four known rows keep four entries, those that tell most, as if nothing were added; so does each added item.

    The relations of 4 and 5 are as heavy as all counts, and 4 is all that 5 leads to. Of what leads to an added item
    it keeps one as well: .9 / 18 from 1 to 4, not .5 / 18 from 2.
    """
    known = {1: [2, 3], 2: [1, 3]}
    assert kept_by(COUNTED, 4, 1, 0) == known
    to_known = {4: {3: 36.0, 2: 35.0, 1: 1.0}, 5: {1: 0.02}}
    assert kept_by(COUNTED | to_known, 6, 1, 2) == known | {4: [3], 5: [1]}
    assert kept_by(COUNTED | to_known, 7, 2, 3)[4] == [2, 3], "its heaviest, in the order of their ids"
    both = {1: COUNTED[1] | {4: 0.9}, 2: COUNTED[2] | {4: 0.5, 5: 0.1}, **to_known}
    assert kept_by(both, 6, 1, 2) == {1: [2, 3, 4], 2: [1, 3, 5], 4: [3], 5: [1]}


def test_an_empty_memory_gives_nothing():
    memory = CompactMemory(np.zeros((4, 2), np.int32), np.zeros((4, 2), np.float32), np.ones(4, np.float32), 2)
    assert not memory.read(np.array([[1, 3]], np.int32))[1].numpy().any()


@pytest.mark.parametrize("rows", [100, 5000])  # in two bytes, and in five
def test_little_trust_in_relations_is_read_as_little(rows):
    """Half of an item's transitions lead to 2; it is related to 3 and, less, to 4: a hundredth, a thousandth of that.

    The steps of counted shares end at a thirteenth of their row's largest, to which both would be rounded up.
    """
    neighbours, shares = np.zeros((rows, 3), np.int32), np.zeros((rows, 3), np.float32)
    neighbours[1], shares[1] = [2, 3, 4], [0.5, 0.005, 0.0005]
    neighbours[2, 0], shares[2, 0] = rows - 1, 0.001  # what nobody has touched has relations alone
    memory = CompactMemory(neighbours, shares, np.ones(rows, np.float32), None, is_related=True)
    ids, read = (x.numpy()[0] for x in memory.read(np.array([[1, 2]], np.int32)))
    found = dict(zip(ids[0].tolist(), read[0].tolist(), strict=True))
    assert found[2] == pytest.approx(0.5, rel=2**0.125 - 1)
    assert 0.5 * 2**-8.5 < found[3] < 0.5 * 2**-5  # .005 is 6.6 octaves below; the steps at 5 and at 7 are next to it
    assert found[4] <= 0.5 * 2**-9
    assert read[1, 0] == pytest.approx(0.001, rel=2**0.125 - 1)


def test_steps_of_relations_are_never_far_off():
    """By the largest share of the row: at most a tenth, as of the largest itself."""
    random = np.random.default_rng(4)
    shares = np.exp2(-12 * random.random((300, 8))).astype(np.float32)
    shares[:, 0] = 1.0
    neighbours = np.tile(np.arange(1, 9, dtype=np.int32), (300, 1))
    memory = CompactMemory(neighbours, shares, np.ones(300, np.float32), None, is_related=True)
    _, read = memory.read(np.arange(300, dtype=np.int32)[None])
    np.testing.assert_allclose(read.numpy()[0], shares, atol=2**0.125 - 1 + 1e-3)
    assert read.numpy()[0].min() == pytest.approx(2**-10)
