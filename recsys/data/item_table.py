"""The items a dataset keeps: their internal ids, counts and metadata."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from recsys.config.data import ItemTable
from recsys.data.log_files import format_of
from recsys.errors import DataError
from recsys.schema import COUNT, EXTERNAL_ID, ITEM, PAD_ID, TITLE


def number_items(
    names: pa.ChunkedArray, counts: npt.NDArray[np.int64], prior: pa.Array | None = None
) -> tuple[npt.NDArray[np.int32], pa.Table]:
    """Give internal ids 1..n by (-count, external id).

    Args:
        names: external id by catalogue code.
        counts: ``[items] int64`` by catalogue code; 0 leaves the item out.
        prior: external ids of an earlier vocabulary in its order. They keep their ids, even with no events left;
            other items come after them.

    Returns:
        The internal id of each code (``PAD_ID`` for items outside), and a table ``item_id, external_id, count``.
    """
    codes = np.flatnonzero(counts)
    known = pa.array([], pa.string()) if prior is None else prior
    found = pc.index_in(pa.array(known, pa.string()), value_set=names.combine_chunks()) if len(known) else None
    known_codes = np.asarray(pc.fill_null(found, -1)) if found is not None else np.zeros(0, np.int64)
    new = np.setdiff1d(codes, known_codes)
    table = pa.table({"code": new, EXTERNAL_ID: names.take(pa.array(new)), COUNT: counts[new]})
    table = table.sort_by([(COUNT, "descending"), (EXTERNAL_ID, "ascending")])
    order = np.concatenate([known_codes, table.column("code").to_numpy()]).astype(np.int64)
    listed = np.arange(1, len(order) + 1, dtype=np.int32)
    totals = np.where(order >= 0, counts[order], 0)
    ids = np.full(len(counts), PAD_ID, np.int32)
    ids[order[order >= 0]] = listed[order >= 0]
    externals = pa.concat_arrays([known, *table.column(EXTERNAL_ID).chunks])
    return ids, pa.table({ITEM: listed, EXTERNAL_ID: externals, COUNT: totals})


def join_metadata(table: pa.Table, source: ItemTable) -> pa.Table:
    """Add the columns of an item table, null for items that it does not know.

    Raises:
        DataError: the file is missing, lacks a column, or names an item twice.
    """
    metadata = _read(source.path, source.item)
    for column in filter(None, (source.item, source.title)):
        if column not in metadata.column_names:
            raise DataError(f"{source.path}: no column {column!r}; found {', '.join(metadata.column_names)}")
    keys = pc.cast(metadata.column(source.item), pa.string()).combine_chunks()
    if len(pc.unique(keys)) < len(keys):
        twice = next(value["values"] for value in pc.value_counts(keys).to_pylist() if value["counts"] > 1)
        raise DataError(f"{source.path}: item {twice!r} stands in more than one row; one row an item is expected")
    rows = pc.index_in(table.column(EXTERNAL_ID), value_set=keys)
    for name in metadata.column_names:
        if name == source.item:
            continue
        ours = TITLE if name == source.title else name
        if ours in table.column_names:
            raise DataError(f"{source.path}: a column may not be called {ours!r}, which the dataset uses itself")
        values = metadata.column(name).combine_chunks().take(rows)
        table = table.append_column(ours, pc.cast(values, pa.string()) if ours == TITLE else values)
    return table


def _read(path: Path, key: str) -> pa.Table:
    """The table, with the column ``key`` as the text it is: ``007`` is not 7."""
    if not path.is_file():
        raise DataError(f"{path}: no such item table; data.items.path names it")
    try:
        if format_of(path) == "parquet":
            return pq.read_table(path)
        if format_of(path) == "csv":
            delimiter = "\t" if ".tsv" in path.suffixes else ","
            return pacsv.read_csv(
                path,
                parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
                convert_options=pacsv.ConvertOptions(
                    strings_can_be_null=True, null_values=[""], column_types={key: pa.string()}
                ),
            )
    except pa.ArrowInvalid as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    raise DataError(f"{path}: an item table is CSV or Parquet")
