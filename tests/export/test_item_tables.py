"""Compressed tables against plain arithmetic."""

import numpy as np
import pytest

from recsys.export.graph.item_tables import CodedTable, ProductTable
from recsys.export.quantization.product import product_quantize
from recsys.export.quantization.row_codes import RowCodes

RANDOM = np.random.default_rng(7)
TABLE = (RANDOM.normal(size=(50, 8)) * RANDOM.uniform(0.01, 10, (50, 1))).astype(np.float32)
IDS = np.array([[3, 0, 49], [7, 7, 1]], np.int32)


def test_eight_bits_lose_at_most_half_a_step():
    """A row's scale is at most 2^(1/8) above its largest value / 127, and a code is off by at most half a scale."""
    found = CodedTable(TABLE, 8).lookup(IDS).numpy()
    bound = np.abs(TABLE).max(1)[IDS] / 127 * 2 ** (1 / 8) / 2
    assert (np.abs(found - TABLE[IDS]).max(-1) <= bound * 1.001).all()


def test_four_bits_hold_both_halves():
    row = np.array([[7, -7, 3, 0, 1, -2, 5, -6]], np.float32)  # integers up to 7: exact at scale 1
    np.testing.assert_allclose(CodedTable(row, 4).lookup(np.array([0])).numpy(), row, rtol=1e-6)


def test_four_bits_beat_the_scale_that_clips_nothing():
    limit = 7
    plain = np.abs(TABLE).max(1, keepdims=True) / limit
    naive = np.square(np.round(TABLE / plain) * plain - TABLE).sum()
    ours = np.square(CodedTable(TABLE, 4).lookup(np.arange(50)).numpy() - TABLE).sum()
    assert ours <= naive * 1.02


def test_a_row_of_zeros_stays_zero():
    assert not CodedTable(np.zeros((2, 4), np.float32), 8).lookup(np.array([0, 1])).numpy().any()


def test_small_changes_keep_the_codes():
    """The grid of scales: a row scaled by a thousandth keeps its scale, and nearly all its codes."""
    before, after = RowCodes.encode(TABLE, 8), RowCodes.encode(TABLE * np.float32(1.001), 8)
    assert (before.steps == after.steps).mean() > 0.9
    assert (before.codes == after.codes).mean() > 0.9


@pytest.mark.parametrize("bits", [8, 4])
def test_packed_rows_unpack_to_themselves(bits):
    rows = RowCodes.encode(TABLE, bits)
    back = RowCodes.unpack(rows.packed, bits)
    np.testing.assert_array_equal(back.codes, rows.codes)
    np.testing.assert_array_equal(back.steps, rows.steps)


def test_product_rows_are_their_centroids():
    codes, centroids = product_quantize(np.repeat(TABLE, 20, 0))
    found = ProductTable(codes, centroids).lookup(IDS).numpy()
    # 50 distinct rows and 256 centroids a part: only the centroids' own 8 bits lose anything.
    np.testing.assert_allclose(found, np.repeat(TABLE, 20, 0)[IDS], atol=np.abs(TABLE).max() / 127)


def test_what_was_coded_once_in_4_bits_is_coded_the_same_again():
    """A student learns to do with the very table that its file will hold, even of rows whose largest code is not 7."""
    table = np.random.default_rng(5).standard_normal((2000, 8)).astype(np.float32)
    once = CodedTable(table, 4).lookup(np.arange(2000)).numpy()
    twice = CodedTable(once, 4).lookup(np.arange(2000)).numpy()
    np.testing.assert_allclose(twice, once, rtol=1e-5, atol=1e-7)
