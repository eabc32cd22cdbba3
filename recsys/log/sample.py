"""The first rows of a log, read by the reader that prepares it."""

import json
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.data import NULL_VALUES
from recsys.core.errors import DataError
from recsys.core.schema import EVENT_ID, TIMESTAMP
from recsys.log.blocks import LogBlock, file_blocks
from recsys.log.files import Format, delimiter_of, format_of
from recsys.log.formats import read_block
from recsys.log.formats.raw import Reject, block_lines
from recsys.log.unpacking import plain_copy
from recsys.log.validation import validate
from recsys.log.values.identifiers import ids_as_text
from recsys.log.values.nulls import blank_nulls, is_text

SAMPLE_BYTES = 16 << 20  # of a compressed file
DELIMITERS = ",\t;|"
KIND_ROWS = 1000  # of a column that show what it holds
INDEX = re.compile(r"|Unnamed: \d+|__index_level_\d+__")  # of pandas: no columns of the log


@dataclass(frozen=True)
class Sample:
    """The first block of rows of a log.

    Attributes:
        file: where it was read.
        frame: the rows under the log's own column names, but not the columns passed over; null where nothing is.
        passed_over: columns that hold lists or objects, by their type.
        whole: whether the file holds no other rows.
    """

    file: Path
    format: Format
    delimiter: str
    frame: pd.DataFrame
    passed_over: dict[str, str]
    whole: bool
    block: LogBlock

    def judge(self, columns: dict[str, str], unit: str) -> tuple[pa.Table, list[Reject]]:
        """The sample's events and refused rows, as prepare will find them."""
        numbers = frozenset({EVENT_ID} if unit == "iso8601" else {EVENT_ID, TIMESTAMP})
        return validate(read_block(self.block, columns, numbers), unit, self.block.origin)  # type: ignore[arg-type]


def read_sample(files: list[Path], unpacked: Path) -> Sample:
    """The first rows of the first file that has any.

    Args:
        unpacked: a folder for a plain copy of a compressed file, which the sample's block is read from.

    Raises:
        DataError: a file is not of its kind, its first line holds an event instead of names, or none has rows.
    """
    for file in files:
        if not file.stat().st_size:
            continue
        kind = format_of(file)
        plain = unpacked / "plain"
        delimiter = _guess_delimiter(file, plain) if kind == "csv" else ","
        found = list(islice(file_blocks(file, delimiter, plain, SAMPLE_BYTES), 2))
        blocks = [block for block in found if isinstance(block, LogBlock) and block.rows]
        if not blocks:
            continue
        block = blocks[0]
        if kind == "csv":
            _refuse_nameless(file, block)
        frame, nested = _frame(block)
        if frame.empty or not len(frame.columns):
            continue
        return Sample(file, kind, delimiter, frame, nested, len(found) == 1, block)
    raise DataError(f"{files[0]}: no rows; a log has one row an event")


def _guess_delimiter(file: Path, unpacked: Path) -> str:
    """What stands most often in a CSV file's first line."""
    with plain_copy(file, unpacked, SAMPLE_BYTES).open("rb") as lines:
        first = lines.readline(1 << 20).decode("utf-8", "replace")
    return max(delimiter_of(file) + DELIMITERS, key=first.count)


def _frame(block: LogBlock) -> tuple[pd.DataFrame, dict[str, str]]:
    nested: dict[str, str] = {}
    names = _json_names(block, nested) if block.format == "jsonl" else list(block.columns)
    names = [name for name in names if names.count(name) == 1 and not INDEX.fullmatch(name)]
    if not names:
        return pd.DataFrame(), nested
    table = read_block(block, {name: name for name in names}, frozenset()).table
    columns = {}
    for name in names:
        values = table.column(name).combine_chunks()
        values = values.chunk(0) if isinstance(values, pa.ChunkedArray) else values
        if pa.types.is_nested(values.type):
            nested[name] = str(values.type).partition("<")[0]
            continue
        columns[name] = _series(blank_nulls(values, NULL_VALUES))
    return pd.DataFrame(columns), nested


def _series(values: pa.Array) -> "pd.Series[Any]":
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if pa.types.is_decimal(kind):
        values = pc.cast(values, pa.float64())
    elif is_text(kind) or isinstance(kind, pa.BaseExtensionType) or pa.types.is_fixed_size_binary(kind):
        text = ids_as_text(values)[0].to_pandas().astype(object)
        numbers: pd.Series[Any] = pd.to_numeric(text, errors="coerce")
        return numbers if numbers.notna().sum() == text.notna().sum() and text.notna().any() else text
    try:
        found: pd.Series[Any] = values.to_pandas()
    except (pa.ArrowException, ValueError, OverflowError):  # a moment that pandas has no date for
        found = pc.cast(values, pa.string()).to_pandas()
    return found


def _json_names(block: LogBlock, nested: dict[str, str]) -> list[str]:
    """The names in a block of JSON objects that stand for plain values, in the order they are met."""
    with Path(block.path).open("rb") as file:
        file.seek(block.start)
        lines, _ = block_lines(file.read(block.end - block.start), block.row)
    names: dict[str, None] = {}
    objects = 0
    for line in lines:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(record, dict):
            continue
        objects += 1
        for name, value in record.items():
            if isinstance(value, dict | list):
                nested[name] = "object" if isinstance(value, dict) else "list"
            else:
                names[name] = None
    if lines and not objects:
        raise DataError(f"{block.origin}: line {block.row}: no JSON object, found {lines[0][:80]!r}; one object a line")
    return [name for name in names if name not in nested]


def _refuse_nameless(file: Path, block: LogBlock) -> None:
    """Raises DataError when the first line is an event: a name is a number or a moment, as the values below it are."""
    header = block.delimiter.join(block.columns)
    cells: dict[str, pa.Array] = {}
    for name in dict.fromkeys(block.columns):
        kind = _kind(name)
        if not kind:
            continue
        if not cells:
            wanted = [column for column in block.columns if column]
            once = LogBlock(**{**vars(block), "columns": tuple(map(str, range(len(block.columns))))})
            places = {column: str(block.columns.index(column)) for column in wanted}
            table = read_block(once, places, frozenset()).table.slice(0, KIND_ROWS)
            cells = {column: table.column(column).to_pylist() for column in places}
        below = [str(cell) for cell in cells[name] if cell not in (None, "")]
        if below and sum(_kind(cell) == kind for cell in below) > 0.5 * len(below):
            raise DataError(
                f"{file}: the first row looks like an event, not a header, found {header!r} "
                f"with {name!r} above more of its kind; add a first line with column names, such as "
                f"{block.delimiter.join(('user_id', 'item_id', 'rating', 'timestamp'))}"
            )


def _kind(text: str) -> str | None:
    """What a cell holds beside words."""
    if re.fullmatch(r"[-+]?\d+(\.\d*)?(e[-+]?\d+)?", text.strip(), re.IGNORECASE):
        return "number"
    return "moment" if re.match(r"\d{4}-\d\d-\d\d", text.strip()) else None
