"""Ids of any type as text: the same for a log and for a table of items."""

import uuid

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys.log.values.casting import Mask, as_mask, cast_column

EXACT = 2.0**53  # a float beyond it may stand for several integers


def ids_as_text(values: pa.Array) -> tuple[pa.Array, Mask]:
    """Ids as strings.

    A UUID is written as usual, a whole float or decimal as an integer, bytes as the UTF-8 that they are. So is the text
    of a whole float: 12.0 is 12, which is how pandas and spreadsheets write a column of integers that lacks some.

    >>> text, bad = ids_as_text(pa.array([12.0, 12.5, None]))
    >>> text.to_pylist(), bad.tolist()
    (['12', None, None], [False, True, False])

    Returns:
        ``([n] string, null where missing or bad; [n] bool, true where bad)``. Bad are a float with a fraction, or
        beyond 2^53, where it may stand for several integers; a decimal with a fraction; bytes that are no UTF-8; and
        booleans, lists and structs.
    """
    kind = values.type
    if isinstance(kind, pa.UuidType):
        spelled = [None if one is None else str(uuid.UUID(bytes=one)) for one in values.storage.to_pylist()]
        return pa.array(spelled, pa.string()), np.zeros(len(values), np.bool_)
    if isinstance(kind, pa.BaseExtensionType):
        return ids_as_text(values.storage)
    if pa.types.is_floating(kind):
        return _whole_floats(values.cast(pa.float64()))
    if pa.types.is_decimal(kind):
        whole, bad = cast_column(values, pa.decimal256(76, 0))
        return pc.cast(whole, pa.string()), bad
    if pa.types.is_nested(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return pa.nulls(len(values), pa.string()), np.asarray(pc.is_valid(values))
    if pa.types.is_fixed_size_binary(kind):
        values = values.cast(pa.binary())
    text, bad = cast_column(values, pa.string())
    return _whole_text(text), bad


def _whole_text(text: pa.Array) -> pa.Array:
    """``12.0`` as ``12``; where a float may stand for several integers, and all else, as it is written."""
    if not pc.any(pc.match_substring(text, ".0")).as_py():
        return text
    spelled = pc.if_else(pc.match_substring_regex(text, r"^-?(0|[1-9]\d{0,15})\.0+$"), text, None)
    whole, _ = _whole_floats(pc.cast(spelled, pa.float64()))
    return pc.coalesce(whole, text)


def _whole_floats(values: pa.Array) -> tuple[pa.Array, Mask]:
    exact = pc.and_(pc.equal(values, pc.floor(values)), pc.less_equal(pc.abs(values), EXACT))
    bad = pc.and_not(pc.invert(exact), pc.is_nan(values))
    return pc.cast(pc.cast(pc.if_else(exact, values, None), pa.int64()), pa.string()), as_mask(bad)
