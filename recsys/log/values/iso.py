"""ISO 8601 in the spellings that databases, Java, Go and Python's logging have for it."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys.log.values.casting import cast_column

_ZONED = r"[T ]\d{2}:?\d{2}.*\d(Z|[+-]\d{2}(:?\d{2})?)$"
_PARTS = (
    r"^(?P<date>\d{4}-\d{2}-\d{2}|\d{4}/\d{2}/\d{2}|\d{4}\.\d{2}\.\d{2})"
    r"(?:[Tt ]+(?P<minute>\d{2}:\d{2})(?P<second>:\d{2})?(?:[.,](?P<fraction>\d+))?"
    r"\s*(?P<zone>[Zz]|UTC|utc|GMT|[+-]\d{2}(?::?\d{2})?)?(?:\s*UTC|\[(?:UTC|GMT|Z|Etc/UTC)\])?)?$"
)


def read_iso(values: pa.Array) -> pa.Array:
    """Moments, UTC where they name no zone.

    Arrow reads the usual spellings as a column; the others (any number of decimals, a decimal comma, `` UTC``, dates
    such as 2024/03/05 and 2024.03.05, years beyond nanoseconds) are brought to one spelling first. The name of a zone
    other than UTC is not read, nor is a date that does not begin with its year (``unread_dates``).

    >>> read_iso(pa.array(["1970-01-01 00:00:01,5", "1970-01-01T01:00:02+01:00", "noon"])).to_pylist()
    [1500, 2000, None]

    Returns:
        ``[n] int64`` milliseconds, null where missing or unread.
    """
    try:
        return _read(values, "ns", pc.cast)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        values = pc.coalesce(_respell(values), values)
    milliseconds = _read(values, "ns", _cast_what_can_be)
    unread = pc.and_(pc.is_valid(values), pc.is_null(milliseconds))
    if pc.any(unread).as_py():  # most likely years that nanoseconds do not reach
        far = _read(values.filter(unread), "ms", _cast_what_can_be)
        milliseconds = pc.replace_with_mask(milliseconds, unread, far)
    return milliseconds


def _cast_what_can_be(values: pa.Array, kind: pa.DataType) -> pa.Array:
    return cast_column(values, kind)[0]


def _read(values: pa.Array, unit: str, cast: Callable[[pa.Array, pa.DataType], pa.Array]) -> pa.Array:
    """Milliseconds by way of ``unit``, rounded down, so that a fraction reads alike before and after 1970."""
    zoned = pc.fill_null(pc.match_substring_regex(values, _ZONED), False)
    with_zone = cast(pc.if_else(zoned, values, None), pa.timestamp(unit, tz="UTC"))
    without = cast(pc.if_else(zoned, None, values), pa.timestamp(unit))
    ticks = pc.coalesce(pc.cast(with_zone, pa.int64()), pc.cast(without, pa.int64()))
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
