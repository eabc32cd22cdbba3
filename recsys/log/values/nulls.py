"""Which spellings in a log mean that nothing is there."""

import pyarrow as pa
import pyarrow.compute as pc


def blank_nulls(values: pa.Array, spellings: tuple[str, ...]) -> pa.Array:
    """``values`` with null for every text in ``spellings`` and for every NaN; other types as they are.

    >>> blank_nulls(pa.array(["50", "NULL", ""]), ("", "NULL")).to_pylist()
    ['50', None, None]
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(values.indices, blank_nulls(values.dictionary, spellings))
    if pa.types.is_floating(kind):
        return pc.if_else(pc.is_nan(values), pa.scalar(None, kind), values)
    if is_text(kind):
        if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
            kind = pa.string() if pa.types.is_string_view(kind) else pa.binary()
            values = values.cast(kind)
        found = pc.is_in(values, value_set=pa.array([text.encode() for text in spellings], pa.binary()).cast(kind))
        return pc.if_else(found, pa.scalar(None, kind), values)
    return values


def is_text(kind: pa.DataType) -> bool:
    """Whether values of a type are text, or bytes that most likely are."""
    types = pa.types
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
    )
