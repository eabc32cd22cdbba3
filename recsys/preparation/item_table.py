"""A table of items beside the log: read, checked, and joined to the items that a dataset keeps."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from recsys.config.data import DataConfig, ItemTableConfig
from recsys.core.errors import DataError
from recsys.core.schema import COUNT, EXTERNAL_ID, ITEM, TITLE
from recsys.log.blocks import LogBlock
from recsys.log.columns import INDEX, found_twice, source_columns
from recsys.log.files import delimiter_of, format_of
from recsys.log.formats import read_block
from recsys.log.validation import validate
from recsys.log.values.identifiers import ids_as_text
from recsys.log.values.nulls import blank_nulls

LOOKED_AT = 4 << 20  # bytes of text, from the beginning of a log


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
    join_metadata(pa.table(own), data.items, data.null_values)
    if block.format != "parquet" and block.end - block.start > LOOKED_AT:
        beginning = block.read(LOOKED_AT).rpartition(b"\n")[0]
        block = replace(block, end=block.start + len(beginning) + 1, rows=beginning.count(b"\n") + 1)
    raw = read_block(block, source_columns(data), frozenset())
    events, _ = validate(raw, data.timestamp_unit, block.origin, data.null_values)
    _, keys = read_items(data.items, data.null_values)
    items = pc.unique(events.column(ITEM).cast(pa.string()))
    return describe_mismatch(data.items, keys, items, f"the first rows of {block.origin}")


def join_metadata(table: pa.Table, source: ItemTableConfig, nulls: tuple[str, ...]) -> pa.Table:
    """Add the columns of an item table, null for items that it does not know.

    Args:
        nulls: texts that mean that nothing is there (``data.null_values``).

    Raises:
        DataError: the file is missing, is no UTF-8, lacks a column, names an item twice, or knows none of the items.
    """
    metadata, keys = read_items(source, nulls)
    mismatch = describe_mismatch(source, keys, table.column(EXTERNAL_ID).combine_chunks(), "the log")
    if mismatch:
        raise DataError(mismatch)
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
    values = metadata.column(source.item).combine_chunks()
    values = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    keys, bad = ids_as_text(blank_nulls(values, nulls))
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"{source.path}: row {row + 1}: {values[row].as_py()!r} can be no id; an id is text "
            "or a whole number, as a float up to 2^53"
        )
    named = pc.fill_null(pc.not_equal(keys, ""), False)
    metadata, keys = metadata.filter(named), keys.filter(named)
    if len(pc.unique(keys)) < len(keys):
        twice = next(value["values"] for value in pc.value_counts(keys).to_pylist() if value["counts"] > 1)
        raise DataError(f"{source.path}: item {twice!r} stands in more than one row; one row an item is expected")
    return metadata, keys


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


def _read(path: Path, key: str) -> pa.Table:
    """The table, with the column ``key`` as the text it is: ``007`` is not 7."""
    if not path.is_file():
        raise DataError(f"{path}: no such item table; data.items.path names it")
    kind = format_of(path)
    if kind == "jsonl":
        raise DataError(f"{path}: an item table is CSV or Parquet")
    try:
        if kind == "parquet":
            return pq.read_table(path)
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


def _refuse_other_text(path: Path, data: bytes) -> None:
    try:
        str(data, "utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = data[max(0, error.start - 20) : error.start + 20]
        utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        looks_like, name = ("UTF-16", "UTF-16") if utf16 else ("Latin-1", "WINDOWS-1252")
        raise DataError(
            f"{path}: line {line} is not UTF-8, found {found!r}; it looks like {looks_like}: "
            f"iconv -f {name} -t UTF-8 writes it so"
        ) from None
