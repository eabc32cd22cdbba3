"""The blocks of an event log, which workers read.

A block is a run of whole lines (CSV, JSON Lines) or of row groups (Parquet), small enough to be parsed at once.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from recsys.config.data import DataConfig
from recsys.core.errors import DataError
from recsys.log.columns import source_columns
from recsys.log.files import Format, delimiter_of, format_of
from recsys.log.unpacking import plain_copy, refuse_no_lines

BLOCK_BYTES = 32 << 20  # a line longer than a block is rejected unread
BLOCK_ROWS = 1 << 20  # of a Parquet file


@dataclass(frozen=True)
class LogBlock:
    """Rows that are read together.

    Attributes:
        number: counts the log's blocks.
        origin: the file as its owner knows it (``path`` may be an unpacked copy).
        start, end: bytes of ``path``; or the row group, and how many of its rows other blocks hold before.
        row: the first row's line number, or its row number in a Parquet file (both from 1).
        rows: how many rows it holds, good or bad.
        columns: a CSV or Parquet file's column names.
        delimiter: between a CSV file's fields.
        stored: the rows are events that an earlier dataset kept (``Dataset.event_files``).
    """

    number: int
    path: str
    origin: str
    format: Format
    start: int
    end: int
    row: int
    rows: int
    columns: tuple[str, ...] = ()
    stored: bool = False
    delimiter: str = ","


@dataclass(frozen=True)
class LongLine:
    """A line that does not fit into a block."""

    origin: str
    row: int


def plan_blocks(files: list[Path], delimiter: str | None, unpack_dir: Path) -> tuple[list[LogBlock], list[LongLine]]:
    """Cut a log into blocks; compressed text is unpacked into ``unpack_dir`` first.

    Raises:
        DataError: a file that cannot be read as what its name says.
    """
    blocks: list[LogBlock] = []
    long_lines: list[LongLine] = []
    for number, file in enumerate(files):
        parts = file_blocks(file, delimiter, unpack_dir / f"{number:05d}")
        for part in parts:
            if isinstance(part, LongLine):
                long_lines.append(part)
            else:
                blocks.append(replace(part, number=len(blocks)))
    return blocks, long_lines


def file_blocks(
    file: Path, delimiter: str | None, unpacked: Path, limit: int | None = None
) -> "Iterator[LogBlock | LongLine]":
    """The blocks of one file; one of no bytes has none.

    Args:
        delimiter: between a CSV file's fields; None is what its ending says.
        unpacked: where a plain copy of a compressed file may lie.
        limit: bytes that are unpacked of it, where its beginning is enough.

    Raises:
        DataError: it cannot be read as what its name says.
    """
    kind = format_of(file)
    if not file.stat().st_size:
        return iter(())
    if kind == "parquet":
        return _parquet_blocks(file)
    return _line_blocks(plain_copy(file, unpacked, limit), file, kind, delimiter or delimiter_of(file))


def _parquet_blocks(file: Path) -> Iterator[LogBlock]:
    try:
        with pq.ParquetFile(file) as parquet:
            groups = [parquet.metadata.row_group(i).num_rows for i in range(parquet.num_row_groups)]
            columns = tuple(parquet.schema_arrow.names)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{file}: not a whole Parquet file ({error})") from None
    row = 1
    for group, total in enumerate(groups):
        for skip in range(0, total, BLOCK_ROWS):
            rows = min(BLOCK_ROWS, total - skip)
            yield LogBlock(0, str(file), str(file), "parquet", group, skip, row, rows, columns)
            row += rows


def _line_blocks(path: Path, origin: Path, kind: Format, delimiter: str) -> Iterator[LogBlock | LongLine]:
    with path.open("rb") as file:
        line = 1
        columns: tuple[str, ...] = ()
        if kind == "csv":
            columns = _header(file, origin, delimiter)
            line = 2
        else:
            refuse_no_lines(file, origin)
        while True:
            start = file.tell()
            chunk = file.read(BLOCK_BYTES)
            if not chunk:
                return
            size = len(chunk) if len(chunk) < BLOCK_BYTES else chunk.rfind(b"\n") + 1
            if not size:
                _skip_line(file)
                yield LongLine(str(origin), line)
                line += 1
                continue
            rows = chunk.count(b"\n", 0, size) + (not chunk.endswith(b"\n", 0, size))
            yield LogBlock(0, str(path), str(origin), kind, start, start + size, line, rows, columns, False, delimiter)
            line += rows
            file.seek(start + size)


def _header(file: BinaryIO, origin: Path, delimiter: str) -> tuple[str, ...]:
    text = file.readline(BLOCK_BYTES)
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{origin}: line 1 holds the column names and must be UTF-8, found {text[:80]!r}") from None
    return tuple(next(csv.reader([decoded.rstrip("\r\n")], delimiter=delimiter), ()))


def _skip_line(file: BinaryIO) -> None:
    while piece := file.readline(BLOCK_BYTES):
        if piece.endswith(b"\n"):
            return


def check_columns(blocks: list[LogBlock], data: DataConfig) -> None:
    """Refuse a log that lacks what the config names; JSON Lines may lack it row by row.

    Raises:
        DataError: names the file, the column, and the columns that are there.
    """
    for block in blocks:
        if block.format == "jsonl":
            continue
        for ours, name in source_columns(data).items():
            if block.columns.count(name) != 1:
                found = "found twice" if name in block.columns else "missing"
                raise DataError(
                    f"{block.origin}: column {name!r} ({ours}) is {found}; the file has "
                    f"{', '.join(block.columns) or 'no columns'}. {_in_path(block, name)}"
                    "Name the log's own columns in data.columns"
                )


def _in_path(block: LogBlock, name: str) -> str:
    """What to do where a column stands in the names of folders, as Hive and Spark partition."""
    part = next((part for part in Path(block.origin).parts if part.startswith(f"{name}=")), None)
    if part is None:
        return ""
    return f"It stands in the path, as the folder {part}; paths are not read: write it into the files as a column. "
