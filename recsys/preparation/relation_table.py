"""A table of relations beside the log: read, checked, and put into internal ids."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.data import DataConfig, FeatureConfig, RelationsConfig
from recsys.core.errors import DataError
from recsys.core.schema import EXTERNAL_ID
from recsys.log.blocks import LogBlock
from recsys.log.values.casting import as_mask
from recsys.preparation.items.feature_columns import FeatureColumns
from recsys.preparation.items.file import check_columns_in, read_ids, read_item_file
from recsys.preparation.items.table import first_items, read_items
from recsys.sequences.relations import Relations

KEPT, UNKNOWN = "relations", "unknown_relations"  # as a dataset's counts call them


class RelationTable(NamedTuple):
    """Relations by external ids.

    Attributes:
        items, related: ``[n]`` strings, spelled as a log's ids are.
        weights: ``[n] float64``, above 0.
    """

    items: pa.Array
    related: pa.Array
    weights: npt.NDArray[np.float64]


class NumberedRelations(NamedTuple):
    """Relations between items of a vocabulary, a row each as ``Relations`` names the columns, and their counts."""

    table: pa.Table
    counts: dict[str, int]


def check_relations(data: DataConfig, block: LogBlock) -> str | None:
    """What is wrong with the table of relations, found before the log is read; None where nothing is.

    Returns:
        A warning where it knows none of the first items of ``block``: later rows may know better, and
        ``number_relations`` refuses a table of which nothing is left.

    Raises:
        DataError: as ``read_relations``.
    """
    if data.relations is None or data.relations.path is None:
        return None
    relations = read_relations(data.relations, data.null_values)
    met = first_items(data, block)
    if not len(met) or pc.any(pc.is_in(met, value_set=pa.concat_arrays([relations.items, relations.related]))).as_py():
        return None
    described = read_items(data.items, data.null_values).keys if data.items is not None else pa.array([], pa.string())
    if pc.any(pc.is_in(described, value_set=relations.items)).as_py():
        return None
    found = f"there such as {relations.items[0].as_py()!r}" if len(relations.items) else "it has no rows"
    return (
        f"{data.relations.path}: relates none of the items in the first rows of {block.origin}, such as "
        f"{met[0].as_py()!r}; {found}. Write the ids alike, or name other columns in data.relations"
    )


def read_relations(source: RelationsConfig, nulls: tuple[str, ...]) -> RelationTable:
    """A table of relations as it lies in a file, checked.

    Args:
        nulls: texts that mean that nothing is there (``data.null_values``).

    Raises:
        DataError: the file is missing, is no UTF-8 or lacks a column, or a row has no id, relates an item to itself,
            repeats another row's pair, or has a weight that is not above 0.
    """
    assert source.path is not None
    path, ends = source.path, (source.item, source.related)
    table = read_item_file(path, {*ends, *([] if source.weight is None else [source.weight])}, "data.relations")
    check_columns_in(path, table, (*ends, *([] if source.weight is None else [source.weight])))
    items, related = (read_ids(path, table, column, nulls).cast(pa.string()) for column in ends)
    for column, keys in zip(ends, (items, related), strict=True):
        _refuse(path, ~as_mask(pc.not_equal(keys, "")), f"column {column!r}: found no id; leave the row out")
    itself = as_mask(pc.equal(items, related))
    _refuse(path, itself, lambda row: f"relates item {items[row].as_py()!r} to itself; leave the row out")
    _refuse_repeats(path, items, related)
    weights = np.ones(len(items))
    if source.weight is not None:
        values = table.column(source.weight).combine_chunks()
        weights = FeatureColumns(path, nulls).read(source.weight, values, FeatureConfig(kind="number"))
        bad = ~(weights > 0)
        _refuse(path, bad, lambda row: f"column {source.weight!r}: found {values[row].as_py()!r}; a weight is above 0")
    return RelationTable(items, related, weights)


def number_relations(vocabulary: pa.Table, source: RelationsConfig, relations: RelationTable) -> NumberedRelations:
    """The relations between items of a ``vocabulary``, sorted by both ids; the others are counted.

    Raises:
        DataError: none is left.
    """
    names = vocabulary.column(EXTERNAL_ID).combine_chunks()
    places = [pc.fill_null(pc.index_in(ids, value_set=names), -1) for ids in (relations.items, relations.related)]
    items, related = (np.asarray(place, np.int32) + np.int32(1) for place in places)
    known = (items > 0) & (related > 0)
    if not known.any():
        raise DataError(
            f"{source.path}: none of its {len(known):,} relations is between two items of the dataset; write the ids "
            "as the log has them, or leave out data.relations. Items without events are known by data.items.features"
        )
    order = np.lexsort((related[known], items[known]))
    columns = (column[known][order] for column in (items, related, relations.weights))
    table = pa.table(dict(zip(Relations._fields, columns, strict=True)))
    return NumberedRelations(table, {KEPT: int(known.sum()), UNKNOWN: int((~known).sum())})


def describe_unknown(data: DataConfig, fits: list[dict[str, Any]]) -> str | None:
    """How many relations name an item that the dataset does not know, from the results of ``fit``; None where none."""
    counts: dict[str, int] = next((fit["relations"] for fit in fits if "relations" in fit), {})
    if data.relations is None or not counts.get(UNKNOWN):
        return None
    both = counts[KEPT] + counts[UNKNOWN]
    return (
        f"{data.relations.path}: {counts[UNKNOWN]:,} of {both:,} relations name an item that the dataset does not "
        "know, and are left out"
    )


def _refuse_repeats(path: Path, items: pa.Array, related: pa.Array) -> None:
    codes = [np.asarray(ids.dictionary_encode().indices, np.int64) for ids in (items, related)]
    pairs = codes[0] * (len(related) + 1) + codes[1]
    distinct, first = np.unique(pairs, return_index=True)
    if len(distinct) == len(pairs):
        return
    again = np.ones(len(pairs), np.bool_)
    again[first] = False
    row = int(again.argmax())
    earlier = int(first[np.searchsorted(distinct, pairs[row])])
    raise DataError(
        f"{path}: {items[row].as_py()!r} is related to {related[row].as_py()!r} in more than one row, such as rows "
        f"{earlier + 1} and {row + 1}; one row a relation is expected, so add their weights up, or keep one"
    )


def _refuse(path: Path, bad: npt.NDArray[np.bool_], told: Any) -> None:
    """Raises DataError for the first ``bad`` row; ``told`` is what is wrong, or says it of a row."""
    if bad.any():
        row = int(bad.argmax())
        raise DataError(f"{path}: row {row + 1}, {told(row) if callable(told) else told}")
