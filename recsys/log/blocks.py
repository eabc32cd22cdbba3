"""The blocks of an event log, which workers read.

A block is a run of whole lines (CSV, JSON Lines) or of row groups (Parquet), small enough to be parsed at once.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from recsys.core.local_path import is_url, place
from recsys.log.files import Format
from recsys.storage import transfer

BLOCK_ROWS = 1 << 20  # of a Parquet file
BLOCK_BYTES = 32 << 20  # of text


@dataclass(frozen=True)
class LogBlock:
    """Rows that are read together.

    Attributes:
        number: counts the log's blocks.
        path: of this machine, or a store's URL where a worker on another machine is to read it.
        origin: the file as its owner knows it (``path`` may be an unpacked copy).
        start, end: bytes of ``path``; or the row group, and how many of its rows other blocks hold before.
        row: the first row's line number, or its row number in a Parquet file (both from 1).
        rows: how many rows it holds, good or bad.
        columns: a CSV or Parquet file's column names.
        stored: the rows are events that an earlier dataset kept (``Dataset.event_files``).
        delimiter: between a CSV file's fields.
        spans_lines: a CSV file's fields span lines in this block.
        partitions: what the folders of the file say of all its rows, by column: ``day=2026-11-28`` in its path.
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
    spans_lines: bool = False
    partitions: tuple[tuple[str, str], ...] = ()

    @property
    def is_long_line(self) -> bool:
        """Whether it is a single line that does not fit into a block, which is refused unread."""
        return self.format != "parquet" and self.end - self.start > BLOCK_BYTES

    def read(self, limit: int | None = None) -> bytes:
        """Its bytes, of text, or the first ``limit`` of them."""
        end = self.end if limit is None else min(self.end, self.start + limit)
        if is_url(self.path):
            return transfer.read_part(place(self.path), self.start, end)
        with Path(self.path).open("rb") as file:
            file.seek(self.start)
            return file.read(end - self.start)

    def opened(self) -> AbstractContextManager[IO[bytes]]:
        """Its whole file."""
        return transfer.opened(place(self.path)) if is_url(self.path) else Path(self.path).open("rb")
