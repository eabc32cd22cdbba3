"""Columns whose values stand in a dictionary of their own, as Parquet and readers make them."""

import pyarrow as pa


def without_dictionary(values: pa.Array) -> pa.Array:
    """The same values, spelled out."""
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
