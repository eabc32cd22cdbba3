"""The blocks of an event log, which workers read.

A block is a run of whole lines (CSV, JSON Lines) or of row groups (Parquet), small enough to be parsed at once.
"""

from dataclasses import dataclass

from recsys.log.files import Format

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
