"""Timestamps of a log, in any of the spellings that logs have, to int64 milliseconds."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.log.values.casting import Mask, as_mask, cast_column
from recsys.log.values.dictionaries import without_dictionary
from recsys.log.values.iso import read_iso
from recsys.log.values.nulls import is_text

Unit = Literal["s", "ms", "us", "ns", "iso8601"]
EARLIEST, LATEST = -62_135_596_800_000, 253_402_300_799_999  # the years 1 to 9999
_PER_UNIT = {"s": 1000, "ms": 1}
_FINER = {"us": 1000, "ns": 1_000_000}  # of them make a millisecond


def to_milliseconds(values: pa.Array, unit: Unit) -> tuple[npt.NDArray[np.int64], Mask, Mask]:
    """Read timestamps.

    >>> milliseconds, missing, bad = to_milliseconds(pa.array(["12", "12.5", "", "soon"]), "s")
    >>> milliseconds.tolist(), missing.tolist(), bad.tolist()
    ([12000, 12500, 0, 0], [False, False, True, False], [False, False, False, True])

    Args:
        values: integers, decimals or text in ``unit``, or a column that Arrow knows to be a timestamp or a date
            (whose own unit then counts). ISO 8601 without a zone is UTC.

    Returns:
        ``(milliseconds [n] int64, missing [n] bool, bad [n] bool)``; 0 where missing or bad.
    """
    values = without_dictionary(values)
    kind, types = values.type, pa.types
    missing = np.asarray(pc.is_null(values, nan_is_null=types.is_floating(kind)))
    milliseconds, bad = pa.nulls(len(values), pa.int64()), np.zeros(len(values), np.bool_)
    if is_text(kind):
        values, bad = cast_column(values, pa.string())
        values = pc.utf8_trim_whitespace(values)
        missing |= as_mask(pc.equal(values, ""))
    if types.is_temporal(kind):
        milliseconds = _from_moments(values)
    elif unit == "iso8601":
        milliseconds = read_iso(values) if is_text(kind) else milliseconds
    elif is_text(kind) or types.is_decimal(kind) or types.is_integer(kind):
        milliseconds = _read_numbers(values, unit)
    elif types.is_floating(kind):
        milliseconds = _from_decimals(values, unit)
    bad |= np.asarray(pc.is_null(milliseconds))
    return np.asarray(pc.fill_null(milliseconds, 0)), missing, bad & ~missing


def _scale(whole: pa.Array, unit: Unit) -> pa.Array:
    """Whole units to milliseconds; null where that leaves the calendar."""
    if unit in _FINER:
        whole, unit = pc.divide(whole, _FINER[unit]), "ms"
    factor = _PER_UNIT[unit]
    inside = pc.and_(pc.greater_equal(whole, EARLIEST // factor), pc.less_equal(whole, LATEST // factor))
    return pc.multiply(pc.if_else(inside, whole, pa.scalar(None, pa.int64())), factor)


def _from_moments(values: pa.Array) -> pa.Array:
    """Arrow's timestamps and dates to milliseconds; null for other times, and where that leaves the calendar."""
    if pa.types.is_date(values.type):
        values = pc.cast(values, pa.timestamp("ms"))
    if not pa.types.is_timestamp(values.type):
        return pa.nulls(len(values), pa.int64())
    return _scale(pc.cast(values, pa.int64()), values.type.unit)


def _from_decimals(values: pa.Array, unit: Unit) -> pa.Array:
    factor = 1 / _FINER[unit] if unit in _FINER else _PER_UNIT[unit]
    scaled = pc.multiply(pc.cast(values, pa.float64()), float(factor))
    inside = pc.and_(pc.greater_equal(scaled, float(EARLIEST)), pc.less_equal(scaled, float(LATEST)))
    whole = pc.round(pc.if_else(inside, scaled, pa.scalar(None, pa.float64())))
    return pc.cast(whole, pa.int64(), safe=False)


def _read_numbers(values: pa.Array, unit: Unit) -> pa.Array:
    whole, failed = cast_column(values, pa.int64())
    milliseconds = _scale(whole, unit)
    if failed.any():
        decimals, _ = cast_column(pc.if_else(pa.array(failed), values, None), pa.float64())
        milliseconds = pc.coalesce(milliseconds, _from_decimals(decimals, unit))
    return milliseconds
