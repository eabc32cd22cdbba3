"""A log cut into blocks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from recsys.core.errors import DataError
from recsys.core.mirror import with_urls
from recsys.log.blocks import BLOCK_BYTES, BLOCK_ROWS, LogBlock
from recsys.log.files import Format, delimiter_of, format_of
from recsys.log.formats.fields import split_fields
from recsys.log.formats.records import count_records
from recsys.log.partitions import partitions_of
from recsys.log.unpacking import plain_copy, refuse_no_lines


def plan_blocks(files: list[Path], delimiter: str | None, unpack_dir: Path, root: Path | None = None) -> list[LogBlock]:
    """Cut a log into blocks; compressed text is unpacked into ``unpack_dir`` first.

    Args:
        root: the folder below which folders may hold columns, as ``find_log`` gives it; None where none do.

    Raises:
        DataError: a file that cannot be read as what its name says.
    """
    parts = (
        replace(part, partitions=() if root is None else partitions_of(file, root))
        for number, file in enumerate(files)
        for part in file_blocks(file, delimiter, unpack_dir / f"{number:05d}")
    )
    return [replace(part, number=number) for number, part in enumerate(parts)]


def file_blocks(file: Path, delimiter: str | None, unpacked: Path, limit: int | None = None) -> Iterator[LogBlock]:
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
            yield LogBlock(0, str(file.absolute()), with_urls(file), "parquet", group, skip, row, rows, columns)
            row += rows


def _line_blocks(path: Path, origin: Path, kind: Format, delimiter: str) -> Iterator[LogBlock]:
    with path.open("rb") as file:
        line = 1
        columns: tuple[str, ...] = ()
        if kind == "csv":
            columns, line = _header(file, origin, delimiter)
        else:
            refuse_no_lines(file, origin)
        start = file.tell()
        while chunk := file.read(BLOCK_BYTES):
            size = len(chunk) if len(chunk) < BLOCK_BYTES else chunk.rfind(b"\n") + 1
            rows, spans = None, False
            if size and kind == "csv" and b'"' in chunk:
                goes_on = len(chunk) == BLOCK_BYTES
                size, rows, spans = count_records(chunk[:size], delimiter.encode(), len(columns), more=goes_on)
            lines = chunk.count(b"\n", 0, size) + (not chunk.endswith(b"\n", 0, size)) if size else 1
            if size:
                file.seek(start + size)
            else:  # a line that goes on
                while (piece := file.readline(BLOCK_BYTES)) and not piece.endswith(b"\n"):
                    pass
            end = file.tell()
            where = 0, str(path.absolute()), with_urls(origin), kind, start, end, line, lines if rows is None else rows
            yield LogBlock(*where, columns=columns, delimiter=delimiter, spans_lines=spans)
            start, line = end, line + lines


def _header(file: BinaryIO, origin: Path, delimiter: str) -> tuple[tuple[str, ...], int]:
    """The names in the first line that is not blank, and the number of the line after it."""
    number = 0
    for number, text in enumerate(iter(lambda: file.readline(BLOCK_BYTES), b""), 1):
        try:
            decoded = text.decode().lstrip("\ufeff").rstrip("\r\n")  # files that were joined may have two marks
        except UnicodeDecodeError:
            raise DataError(
                f"{origin}: line {number} holds the column names and must be UTF-8, found {text[:80]!r}; where it is "
                "Latin-1, iconv -f WINDOWS-1252 -t UTF-8 writes it so"
            ) from None
        if decoded.strip():
            names = split_fields(decoded.encode(), delimiter.encode())
            if names is None:
                raise DataError(f"{origin}: line {number} holds the column names, a quote is not closed: {text[:80]!r}")
            return tuple(name.decode() for name in names), number + 1
    return (), number + 1
