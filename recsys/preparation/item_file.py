"""The file of an item table, as Arrow reads it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from recsys.core.errors import DataError
from recsys.log.files import delimiter_of, format_of

LARGEST = 2**31 - 2  # bytes of text, unpacked


def read_item_file(path: Path, as_text: set[str]) -> pa.Table:
    """The table, with columns that are read ``as_text`` as they are written: ``007`` is not 7.

    Raises:
        DataError: the file is missing, of another format, no UTF-8, or cannot be read.
    """
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
        if len(data) > LARGEST:
            raise DataError(f"{path}: {len(data):,} bytes of text, more than {LARGEST:,}; write it as Parquet")
        _refuse_other_text(path, data)
        return pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(block_size=len(data) + 1),  # a cell may be longer than a block would be
            parse_options=pacsv.ParseOptions(delimiter=delimiter_of(path), newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                strings_can_be_null=True, null_values=[""], column_types=dict.fromkeys(as_text, pa.string())
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
