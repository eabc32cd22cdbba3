"""ISO 8601 in the spellings that databases, Java, Go and Python's logging have for it."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.log.values.casting import cast_column

_ZONED = r"[T ]\d{2}:?\d{2}.*\d(Z|[+-]\d{2}(:?\d{2})?)$"
_PARTS = (
    r"^(?P<date>\d{4}-\d{2}-\d{2}|\d{4}/\d{2}/\d{2}|\d{4}\.\d{2}\.\d{2})"
    r"(?:[Tt ]+(?P<minute>\d{2}:\d{2})(?P<second>:\d{2})?(?:[.,](?P<fraction>\d+))?"
    r"\s*(?P<zone>[Zz]|UTC|utc|GMT|[+-]\d{2}(?::?\d{2})?)?(?:\s*UTC|\[(?:UTC|GMT|Z|Etc/UTC)\])?)?$"
)


def read_iso(values: pa.Array) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Moments, UTC where they name no zone.

    Arrow reads the usual spellings as a column; the others (any number of decimals, a decimal comma, `` UTC``, dates
    such as 2024/03/05 and 2024.03.05, years beyond nanoseconds) are brought to one spelling first. The name of a zone
    other than UTC is not read, nor is a date that does not begin with its year (``unread_dates``).

    >>> read_iso(pa.array(["1970-01-01 00:00:01,5", "1970-01-01T01:00:02+01:00", "noon"]))[0].to_pylist()
    [1500, 2000, None]

    Returns:
        ``([n] int64 milliseconds, null where missing or unread; [n] bool, true where unread)``.
    """
    try:
        return _milliseconds(*_cast(values, "ns", pc.cast)), np.zeros(len(values), np.bool_)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        values = pc.coalesce(_respell(values), values)
    milliseconds, failed = _by_halves(values, "ns")
    if failed.any():  # most likely years that nanoseconds do not reach
        odd = pa.array(failed)
        far, unread = _by_halves(values.filter(odd), "ms")
        milliseconds = pc.replace_with_mask(milliseconds, odd, far)
        failed[failed] = unread
    return milliseconds, failed


def _by_halves(values: pa.Array, unit: str) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    failed = np.zeros(len(values), np.bool_)

    def cast(some: pa.Array, kind: pa.DataType) -> pa.Array:
        found, unread = cast_column(some, kind)
        failed[unread] = True
        return found

    return _milliseconds(*_cast(values, unit, cast)), failed


def _cast(values: pa.Array, unit: str, cast: Callable[[pa.Array, pa.DataType], pa.Array]) -> tuple[pa.Array, str]:
    zoned = pc.fill_null(pc.match_substring_regex(values, _ZONED), False)
    with_zone = cast(pc.if_else(zoned, values, None), pa.timestamp(unit, tz="UTC"))
    without = cast(pc.if_else(zoned, None, values), pa.timestamp(unit))
    return pc.coalesce(pc.cast(with_zone, pa.int64()), pc.cast(without, pa.int64())), unit


def _milliseconds(ticks: pa.Array, unit: str) -> pa.Array:
    """Rounded down, so that a fraction reads alike before and after 1970."""
    if unit == "ms":
        return ticks
    whole = np.floor_divide(np.asarray(pc.fill_null(ticks, 0)), 1_000_000)
    return pa.array(whole, mask=np.asarray(pc.is_null(ticks)))


def _respell(values: pa.Array) -> pa.Array:
    """``2024-03-05 10:00:00,1 UTC`` as ``2024-03-05T10:00:00.100Z``; null where the spelling is none of ours."""
    parts = pc.extract_regex(values, _PARTS)

    def part(name: str, default: str) -> pa.Array:
        found = pc.struct_field(parts, name)
        return pc.if_else(pc.equal(found, ""), default, found)

    fraction = pc.utf8_slice_codeunits(pc.binary_join_element_wise(part("fraction", "0"), "00", ""), 0, 3)
    zone = pc.replace_substring_regex(part("zone", ""), r"^[A-Za-z]+$", "Z")
    clock = pc.binary_join_element_wise(part("minute", "00:00"), part("second", ":00"), ".", fraction, zone, "")
    date = pc.replace_substring_regex(pc.struct_field(parts, "date"), "[/.]", "-")
    return pc.binary_join_element_wise(date, clock, "T")
