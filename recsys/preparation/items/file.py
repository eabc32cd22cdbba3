"""The file of a table about items, as Arrow reads it."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from recsys.core.errors import DataError
from recsys.log.columns import INDEX, found_twice
from recsys.log.files import delimiter_of, format_of
from recsys.log.values.dictionaries import without_dictionary
from recsys.log.values.identifiers import ids_as_text
from recsys.log.values.nulls import blank_nulls
from recsys.log.values.views import without_views

LARGEST = 2**31 - 2  # bytes of text, unpacked
HEADER = 1 << 16  # bytes that are searched for a delimiter


def read_item_file(path: Path, as_text: set[str], key: str = "data.items") -> pa.Table:
    """The table, with columns that are read ``as_text`` as they are written: ``007`` is not 7.

    Args:
        key: of the config's section that names it.

    Raises:
        DataError: the file is missing, of another format, no UTF-8, or cannot be read.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such table; {key}.path names it")
    kind = format_of(path)
    if kind == "jsonl":
        raise DataError(f"{path}: {key} is read from CSV or Parquet")
    try:
        if kind == "parquet":
            return _read_parquet(path)
        with pa.input_stream(str(path), compression="detect") as file:
            data = file.read()
        if len(data) > LARGEST:
            raise DataError(f"{path}: {len(data):,} bytes of text, more than {LARGEST:,}; write it as Parquet")
        _refuse_other_text(path, data)
        _refuse_other_delimiter(path, data)
        return pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(
                block_size=len(data) + 1,  # a cell may be longer than a block would be
                use_threads=False,  # of several threads none knows in which row it is
            ),
            parse_options=pacsv.ParseOptions(delimiter=delimiter_of(path), newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                strings_can_be_null=True, null_values=[""], column_types=dict.fromkeys(as_text, pa.string())
            ),
        )
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None


def _read_parquet(path: Path) -> pa.Table:
    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        name = _unread_fixed_lists(path)
        if name is None:
            raise
        raise DataError(
            f"{path}: column {name!r} cannot be read ({error}): its lists have a fixed length, and Arrow reads no such "
            "column in which one is missing; write it as lists of any length"
        ) from None
    columns = [[without_views(chunk) for chunk in column.chunks] for column in table.columns]
    types = [chunks[0].type if chunks else field.type for chunks, field in zip(columns, table.schema, strict=True)]
    return pa.Table.from_arrays(list(map(pa.chunked_array, columns, types)), table.column_names)


def _unread_fixed_lists(path: Path) -> str | None:
    """The first column of lists of a fixed length that cannot be read; None where each can."""
    for field in pq.read_schema(path):
        if pa.types.is_fixed_size_list(field.type):
            try:
                pq.read_table(path, columns=[field.name])
            except pa.ArrowInvalid:
                return str(field.name)
    return None


def read_ids(path: Path, table: pa.Table, column: str, nulls: tuple[str, ...]) -> pa.Array:
    """The ids in a column as text, spelled as a log's are; null or empty where there is none.

    Args:
        nulls: texts that mean that nothing is there (``data.null_values``).

    Raises:
        DataError: a row holds what can be no id.
    """
    values = without_dictionary(table.column(column).combine_chunks())
    keys, bad = ids_as_text(blank_nulls(values, nulls))
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"{path}: row {row + 1}, column {column!r}: {values[row].as_py()!r} can be no id; an id is text "
            "or a whole number, as a float up to 2^53"
        )
    return keys


def check_columns_in(path: Path, table: pa.Table, wanted: Iterable[str]) -> None:
    """Raises DataError when a column of ``wanted`` is missing, or one that is no index stands twice."""
    names = table.column_names
    for column in wanted:
        if column not in names:
            raise DataError(f"{path}: column {column!r} is missing; found {', '.join(names)}")
    for column in names:
        if names.count(column) > 1 and not INDEX.fullmatch(column):
            raise DataError(f"{path}: {found_twice(column, names)}; leave one of them")


def _refuse_other_delimiter(path: Path, data: bytes) -> None:
    header, ours = data[:HEADER].partition(b"\n")[0].decode(errors="replace"), delimiter_of(path)
    other = next((one for one in ";\t|," if one in header), ours)
    if ours not in header and other != ours:
        name = {"\t": "tabs", ",": "commas"}
        raise DataError(
            f"{path}: its first line is cut by {name.get(other, repr(other))}, {name[ours]} are expected; write it "
            "with commas as .csv, with tabs as .tsv, or as Parquet"
        )


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
