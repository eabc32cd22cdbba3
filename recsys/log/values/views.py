"""Columns of Arrow's view types, as some writers of Parquet have them; few of Arrow's functions take those."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def without_views(values: pa.Array) -> pa.Array:
    """The same values, and lists and structs of them, in the types that every function takes.

    >>> without_views(pa.array([["a", None], None], pa.list_view(pa.string_view()))).type
    ListType(list<item: string>)
    """
    kind = values.type
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):  # whose cast to a list loses its last end
        lengths = np.asarray(pc.fill_null(pc.list_value_length(values), 0))
        ends = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int64())
        lists = pa.LargeListArray.from_arrays(ends, without_views(values.flatten()), mask=values.is_null())
        return lists if pa.types.is_large_list_view(kind) else lists.cast(pa.list_(lists.type.value_type))
    plain = _plain(kind)
    return values if plain == kind else values.cast(plain)


def _plain(kind: pa.DataType) -> pa.DataType:
    if kind == pa.string_view():
        return pa.string()
    if kind == pa.binary_view():
        return pa.binary()
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_plain(kind.value_type)))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_plain(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_plain(field.type)) for field in kind])
    return kind
