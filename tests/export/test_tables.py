"""Compressed tables against plain arithmetic."""

import numpy as np
import pytest

from recsys.export.product import product_quantise
from recsys.export.tables import CodedTable, CompactMemory, ExactMemory, ProductTable, encode_rows, heaviest

RANDOM = np.random.default_rng(7)
TABLE = (RANDOM.normal(size=(50, 8)) * RANDOM.uniform(0.01, 10, (50, 1))).astype(np.float32)
IDS = np.array([[3, 0, 49], [7, 7, 1]], np.int32)


def test_eight_bits_lose_at_most_half_a_step():
    """A row's scale is at most 2^(1/8) above its largest value / 127, and a code is off by at most half a scale."""
    found = CodedTable(TABLE, 8).rows(IDS).numpy()
    bound = np.abs(TABLE).max(1)[IDS] / 127 * 2 ** (1 / 8) / 2
    assert (np.abs(found - TABLE[IDS]).max(-1) <= bound * 1.001).all()


def test_four_bits_hold_both_halves():
    row = np.array([[7, -7, 3, 0, 1, -2, 5, -6]], np.float32)  # integers up to 7: exact at scale 1
    np.testing.assert_allclose(CodedTable(row, 4).rows(np.array([0])).numpy(), row, rtol=1e-6)


def test_four_bits_beat_the_scale_that_clips_nothing():
    limit = 7
    plain = np.abs(TABLE).max(1, keepdims=True) / limit
    naive = np.square(np.round(TABLE / plain) * plain - TABLE).sum()
    ours = np.square(CodedTable(TABLE, 4).rows(np.arange(50)).numpy() - TABLE).sum()
    assert ours <= naive * 1.02


def test_a_row_of_zeros_stays_zero():
    assert not CodedTable(np.zeros((2, 4), np.float32), 8).rows(np.array([0, 1])).numpy().any()


def test_small_changes_keep_the_codes():
    """The grid of scales: a row scaled by a thousandth keeps its scale, and nearly all its codes."""
    before, after = encode_rows(TABLE, 8), encode_rows(TABLE * np.float32(1.001), 8)
    assert (before[1] == after[1]).mean() > 0.9
    assert (before[0] == after[0]).mean() > 0.9


def test_product_rows_are_their_centroids():
    codes, centroids = product_quantise(np.repeat(TABLE, 20, 0), part_width=4)
    found = ProductTable(codes, centroids).rows(IDS).numpy()
    # 50 distinct rows and 256 centroids a part: only the centroids' own 8 bits lose anything.
    np.testing.assert_allclose(found, np.repeat(TABLE, 20, 0)[IDS], atol=np.abs(TABLE).max() / 127)


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
    small = wanted < (counts / totals[:, None]).max() * 2.0**-7
    np.testing.assert_array_equal(found_ids[wanted > 0], wanted_ids[wanted > 0])
    np.testing.assert_allclose(found[~small], wanted[~small], rtol=2**0.25 - 1 + 1e-3)
    assert (found[small] <= 2.0**-6.7).all()
    assert not found[wanted == 0].any()


def test_the_heaviest_transitions_stay():
    """Three of six: 9, 7 and 5, so the first row keeps two and the second one; a zero is never kept."""
    counts = np.array([[9, 7, 1], [5, 2, 0]], np.float32)
    assert heaviest(counts, 3).tolist() == [[True, True, False], [True, False, False]]
    assert heaviest(counts, 9).tolist() == [[True, True, True], [True, True, False]]


def test_an_empty_memory_gives_nothing():
    memory = CompactMemory(np.zeros((4, 2), np.int32), np.zeros((4, 2), np.float32), np.ones(4, np.float32), 2)
    assert not memory.rows(np.array([[1, 3]], np.int32))[1].numpy().any()
