"""The items a dataset keeps: their internal ids, counts and metadata."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from recsys.config.data import ItemTableConfig
from recsys.core.errors import DataError
from recsys.core.schema import COUNT, EXTERNAL_ID, ITEM, PAD_ID, TITLE
from recsys.log.columns import INDEX, found_twice
from recsys.log.files import delimiter_of, format_of
from recsys.log.values.identifiers import ids_as_text
from recsys.log.values.nulls import blank_nulls


def number_items(
    names: pa.ChunkedArray, counts: npt.NDArray[np.int64], prior: pa.Array | None = None
) -> tuple[npt.NDArray[np.int32], pa.Table]:
    """Give internal ids 1..n by (-count, external id).

    Args:
        names: external id by catalog code.
        counts: ``[items] int64`` by catalog code; 0 leaves the item out.
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


def join_metadata(table: pa.Table, source: ItemTableConfig, nulls: tuple[str, ...]) -> pa.Table:
    """Add the columns of an item table, null for items that it does not know.

    Args:
        nulls: texts that mean that nothing is there (``data.null_values``).

    Raises:
        DataError: the file is missing, is no UTF-8, lacks a column, names an item twice, or knows none of the items.
    """
    metadata, keys = read_items(source, nulls)
    told = strangers_told(source, keys, table.column(EXTERNAL_ID).combine_chunks(), "the log")
    if told:
        raise DataError(told)
    rows = pc.index_in(table.column(EXTERNAL_ID), value_set=keys)
    for name in metadata.column_names:
        if name == source.item or INDEX.fullmatch(name):
            continue
        ours = TITLE if name == source.title else name
        if ours in table.column_names:
            raise DataError(f"{source.path}: a column may not be called {ours!r}, which the dataset uses itself")
        values = metadata.column(name).combine_chunks().take(rows)
        table = table.append_column(ours, pc.cast(values, pa.string()) if ours == TITLE else values)
    return table


def read_items(source: ItemTableConfig, nulls: tuple[str, ...]) -> tuple[pa.Table, pa.Array]:
    """An item table's rows that name an item, and their ids as text, spelled as a log's are.

    Raises:
        DataError: as ``join_metadata``.
    """
    metadata = _read(source.path, source.item)
    names = metadata.column_names
    for column in filter(None, (source.item, source.title)):
        if column not in names:
            raise DataError(f"{source.path}: column {column!r} is missing; found {', '.join(names)}")
    for column in names:
        if names.count(column) > 1 and not INDEX.fullmatch(column):
            raise DataError(f"{source.path}: {found_twice(column, names)}; leave one of them")
    keys, bad = ids_as_text(blank_nulls(_one(metadata.column(source.item)), nulls))
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"{source.path}: row {row + 1}: {metadata.column(source.item)[row].as_py()!r} can be no id; an id is text "
            "or a whole number, as a float up to 2^53"
        )
    named = pc.and_(pc.is_valid(keys), pc.fill_null(pc.not_equal(keys, ""), False))
    metadata, keys = metadata.filter(named), keys.filter(named)
    if len(pc.unique(keys)) < len(keys):
        twice = next(value["values"] for value in pc.value_counts(keys).to_pylist() if value["counts"] > 1)
        raise DataError(f"{source.path}: item {twice!r} stands in more than one row; one row an item is expected")
    return metadata, keys


def strangers_told(source: ItemTableConfig, keys: pa.Array, items: pa.Array, origin: str) -> str | None:
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


def _one(column: pa.ChunkedArray) -> pa.Array:
    if not column.num_chunks:
        return pa.array([], column.type)
    combined = column.combine_chunks()
    combined = combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined
    return combined.dictionary_decode() if pa.types.is_dictionary(combined.type) else combined


def _read(path: Path, key: str) -> pa.Table:
    """The table, with the column ``key`` as the text it is: ``007`` is not 7."""
    if not path.is_file():
        raise DataError(f"{path}: no such item table; data.items.path names it")
    kind = format_of(path)
    try:
        if kind == "parquet":
            return pq.read_table(path)
        if kind == "csv":
            with pa.input_stream(str(path), compression="detect") as file:
                data = file.read()
            _refuse_other_text(path, data)
            return pacsv.read_csv(
                pa.BufferReader(data),
                parse_options=pacsv.ParseOptions(delimiter=delimiter_of(path), newlines_in_values=True),
                convert_options=pacsv.ConvertOptions(
                    strings_can_be_null=True, null_values=[""], column_types={key: pa.string()}
                ),
            )
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    raise DataError(f"{path}: an item table is CSV or Parquet")


def _refuse_other_text(path: Path, data: bytes) -> None:
    try:
        str(data, "utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = data[max(0, error.start - 20) : error.start + 20]
        utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        name = "UTF-16" if utf16 else "WINDOWS-1252"
        raise DataError(
            f"{path}: line {line} is not UTF-8, found {found!r}; it looks like {'UTF-16' if utf16 else 'Latin-1'}: "
            f"iconv -f {name} -t UTF-8 writes it so"
        ) from None
