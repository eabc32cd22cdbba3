"""A table of items beside the log: read, checked, and joined to the items that a dataset keeps."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.data import DataConfig, ItemTableConfig
from recsys.core.errors import DataError
from recsys.core.schema import COUNT, EXTERNAL_ID, ITEM, TITLE
from recsys.features.encoder import Column
from recsys.features.encoders import KINDS
from recsys.log.blocks import LogBlock
from recsys.log.columns import INDEX, source_columns
from recsys.log.formats import read_block
from recsys.log.validation import validate
from recsys.log.values.casting import as_mask
from recsys.preparation.items.feature_columns import FeatureColumns
from recsys.preparation.items.file import check_columns_in, read_ids, read_item_file

LOOKED_AT = 4 << 20  # bytes of text, from the beginning of a log


class ItemTable(NamedTuple):
    """An item table's rows that name an item.

    Attributes:
        table: all columns.
        keys: ids as text, spelled as a log's are.
        features: the columns that the model reads, checked, by their names.
    """

    table: pa.Table
    keys: pa.Array
    features: dict[str, Column]

    def take(self, rows: pa.Array) -> dict[str, Column]:
        """The features of these rows, in this order; where a row is null, nothing is known of the item."""
        known = np.asarray(rows.is_valid())
        return {name: _taken(column, rows, known) for name, column in self.features.items()}


def check_items(data: DataConfig, block: LogBlock) -> str | None:
    """What is wrong with the item table, found before the log is read and not after; None where nothing is.

    Returns:
        A warning where it knows none of the first items of ``block``: later rows may know better, and joining refuses a
        table that has none of them.

    Raises:
        DataError: as ``join_metadata``.
    """
    if data.items is None:
        return None
    own = {ITEM: pa.array([], pa.int32()), EXTERNAL_ID: pa.array([], pa.string()), COUNT: pa.array([], pa.int64())}
    items = read_items(data.items, data.null_values)
    join_metadata(pa.table(own), data.items, items)
    if not len(items.keys):
        raise DataError(f"{data.items.path}: has no row that names an item in column {data.items.item!r}")
    return describe_mismatch(data.items, items.keys, first_items(data, block), f"the first rows of {block.origin}")


def first_items(data: DataConfig, block: LogBlock) -> pa.Array:
    """The external ids of the items in the first rows of ``block``."""
    if block.format != "parquet" and block.end - block.start > LOOKED_AT:
        beginning = block.read(LOOKED_AT).rpartition(b"\n")[0]
        block = replace(block, end=block.start + len(beginning) + 1, rows=beginning.count(b"\n") + 1)
    raw = read_block(block, source_columns(data), frozenset())
    events, _ = validate(raw, data.timestamp_unit, block.origin, data.null_values)
    return pc.unique(events.column(ITEM).cast(pa.string()))


def join_known(table: pa.Table, source: ItemTableConfig, items: ItemTable) -> pa.Table:
    """``join_metadata`` for the items of a log.

    Raises:
        DataError: as ``join_metadata``, or the table knows none of the items.
    """
    mismatch = describe_mismatch(source, items.keys, table.column(EXTERNAL_ID).combine_chunks(), "the log")
    if mismatch:
        raise DataError(mismatch)
    return join_metadata(table, source, items)


def join_metadata(table: pa.Table, source: ItemTableConfig, items: ItemTable) -> pa.Table:
    """Add the columns of an item table, null for items that it does not know; vectors are no metadata.

    Raises:
        DataError: a column is called as one of the dataset's own.
    """
    metadata, keys = items.table, items.keys
    rows = pc.index_in(table.column(EXTERNAL_ID), value_set=keys)
    for name in metadata.column_names:
        if name == source.item or INDEX.fullmatch(name) or not _is_readable(source, name):
            continue
        ours = TITLE if name == source.title else name
        if ours in table.column_names:
            raise DataError(f"{source.path}: a column may not be called {ours!r}, which the dataset uses itself")
        values = metadata.column(name).combine_chunks().take(rows)
        table = table.append_column(ours, pc.cast(values, pa.string()) if ours == TITLE else values)
    return table


def read_items(source: ItemTableConfig, nulls: tuple[str, ...]) -> ItemTable:
    """An item table as it lies in a file, checked.

    Args:
        nulls: texts that mean that nothing is there (``data.null_values``).

    Raises:
        DataError: the file is missing, is no UTF-8, lacks a column or names an item twice, or a column that the model
            reads holds something else than the config says.
    """
    assert source.path is not None, "the config gives data.items a path"
    path = source.path
    as_text = (name for name in source.features if _is_readable(source, name))
    metadata = read_item_file(path, {source.item, *as_text})
    check_columns_in(path, metadata, filter(None, (source.item, source.title, *source.features)))
    keys = read_ids(path, metadata, source.item, nulls)
    named = pc.fill_null(pc.not_equal(keys, ""), False)
    _refuse_repeats(path, keys, named)
    columns = FeatureColumns(path, nulls)
    for name in metadata.column_names:
        columns.refuse_files(name, metadata.column(name).combine_chunks())
    features = {
        name: columns.read(name, metadata.column(name).combine_chunks(), one) for name, one in source.features.items()
    }
    whole = ItemTable(metadata.filter(named), keys.filter(named), features)
    return whole._replace(features=whole.take(pa.array(np.flatnonzero(named))))


def _refuse_repeats(path: Path, keys: pa.Array, named: pa.Array) -> None:
    known = keys.filter(named)
    if len(pc.unique(known)) == len(known):
        return
    twice = next(value["values"] for value in pc.value_counts(known).to_pylist() if value["counts"] > 1)
    rows = np.flatnonzero(as_mask(pc.equal(keys, twice)))[:2] + 1
    raise DataError(
        f"{path}: item {twice!r} stands in more than one row, such as rows {rows[0]} and {rows[1]}; one row an item "
        "is expected, and 12.0 is read as 12"
    )


def describe_mismatch(source: ItemTableConfig, keys: pa.Array, items: pa.Array, origin: str) -> str | None:
    """What to mend where a table knows none of some items; None where it knows one, or there are none.

    Args:
        keys: of ``read_items``.
        items: external ids, strings.
        origin: where they stand.
    """
    if not len(items) or pc.any(pc.is_in(items, value_set=keys)).as_py():
        return None
    theirs = f"such as {keys[0].as_py()!r}" if len(keys) else "none at all"
    return (
        f"{source.path}: column {source.item!r} holds none of the log's items: there {theirs}, in {origin} such as "
        f"{items[0].as_py()!r}. Name another column in data.items.item, write the ids alike, or leave out data.items"
    )


def _taken(column: Column, rows: pa.Array, known: npt.NDArray[np.bool_]) -> Column:
    if isinstance(column, pa.Array):
        return column.take(rows)
    nothing = np.nan if column.ndim == 1 else 0.0
    taken = np.full((len(rows), *column.shape[1:]), nothing, column.dtype)
    taken[known] = column[np.asarray(rows.drop_null())]
    return taken


def _is_readable(source: ItemTableConfig, name: str) -> bool:
    return name not in source.features or KINDS[source.features[name].kind].is_readable
