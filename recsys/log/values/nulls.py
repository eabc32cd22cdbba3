"""Which spellings in a log mean that nothing is there."""

import pyarrow as pa
import pyarrow.compute as pc

from recsys.log.values.views import without_views


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
        values = without_views(values)
        found = pc.is_in(values, value_set=pa.array(spellings, pa.string()).cast(values.type))
        return pc.if_else(found, pa.scalar(None, values.type), values)
    return values


def is_text(kind: pa.DataType) -> bool:
    """Whether values of a type are text, or bytes that most likely are."""
    return str(kind).removeprefix("large_").removesuffix("_view") in ("string", "binary")
