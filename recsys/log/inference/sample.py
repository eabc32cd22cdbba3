"""The first rows of a log, read by the reader that prepares it."""

import json
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.data import NULL_VALUES
from recsys.core.errors import DataError
from recsys.core.schema import EVENT_ID, TIMESTAMP
from recsys.log.block_plan import file_blocks
from recsys.log.blocks import LogBlock
from recsys.log.files import Format, FoundLog, format_of
from recsys.log.formats import read_block
from recsys.log.formats.jsonl import json_lines
from recsys.log.formats.raw import Reject
from recsys.log.inference.header import guess_delimiter, refuse_nameless
from recsys.log.partitions import partitions_of
from recsys.log.validation import validate
from recsys.log.values.dictionaries import without_dictionary
from recsys.log.values.identifiers import ids_as_text
from recsys.log.values.nulls import blank_nulls, is_text

SAMPLE_BYTES = 16 << 20  # of a compressed file


@dataclass(frozen=True)
class Sample:
    """The first block of rows of a log.

    Attributes:
        file: where it was read.
        frame: the rows under the log's own column names, but not the columns passed over; null where nothing is.
        passed_over: columns that hold lists or objects, or share their name, and which of it.
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


def read_sample(log: FoundLog, unpacked: Path) -> Sample:
    """The first rows of the first file that has any.

    Args:
        unpacked: a folder for a plain copy of a compressed file, which the sample's block is read from.

    Raises:
        DataError: a file is not of its kind, its first line holds an event instead of names, or none has rows.
    """
    for file in log.files:
        if not file.stat().st_size:
            continue
        kind = format_of(file)
        plain = unpacked / "plain"
        delimiter = guess_delimiter(file, plain, SAMPLE_BYTES) if kind == "csv" else ","
        found = list(islice(file_blocks(file, delimiter, plain, SAMPLE_BYTES), 2))
        blocks = [block for block in found if not block.is_long_line and block.rows]
        if not blocks:
            continue
        block = replace(blocks[0], partitions=partitions_of(file, log.root))
        if kind == "csv":
            refuse_nameless(file, block)
        frame, passed_over = _frame(block)
        if frame.empty or not len(frame.columns):
            _refuse_unread(block, passed_over)
            continue
        return Sample(file, kind, delimiter, frame, passed_over, len(found) == 1, block)
    raise DataError(f"{log.files[0]}: no rows; a log has one row an event")


def _refuse_unread(block: LogBlock, passed_over: dict[str, str]) -> None:
    """Raises DataError where a block has rows, and none of them gives a value."""
    if passed_over:
        told = ", ".join(f"{name} ({kind})" for name, kind in passed_over.items())
        raise DataError(f"{block.origin}: no column holds one plain value a row: {told}; write user, item and time so")
    rejects = read_block(block, {block.columns[0]: block.columns[0]}, frozenset()).malformed if block.columns else []
    if rejects:
        raise DataError(
            f"{block.origin}: the first line names {len(block.columns)} columns, found "
            f"{block.delimiter.join(block.columns)[:80]!r}, and no row below has as many, such as line "
            f"{rejects[0].row}: {rejects[0].text[:80]!r}; write the names of all columns into the first line"
        )


def _frame(block: LogBlock) -> tuple[pd.DataFrame, dict[str, str]]:
    nested: dict[str, str] = {}
    names = _json_names(block, nested) if block.format == "jsonl" else list(block.columns)
    nested |= {name: "more than one column of this name" for name in names if names.count(name) > 1}
    names = [name for name in names if name not in nested]
    names += [name for name, _ in block.partitions if name not in (*names, *nested)]
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
    values = without_dictionary(values)
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
        lines, _ = json_lines(file.read(block.end - block.start), block.row)
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
