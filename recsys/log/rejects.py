"""Refused rows, kept with their reason and where they stood."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recsys.core.publishing import appearing
from recsys.log.formats.raw import Reject


def write_rejects(rejects: list[Reject], path: Path) -> None:
    """One row a refused row: ``reason, origin, row, text``. Without any, no file."""
    if rejects:
        with appearing(path) as aside:
            pq.write_table(pa.Table.from_pylist([vars(one) for one in rejects]), aside, compression="zstd")


def first_rejects(directory: Path, count: int) -> list[str]:
    """The first refused rows, one line each, for a message."""
    lines: list[str] = []
    for path in sorted(directory.glob("*.parquet")):
        rows = pq.read_table(path).slice(0, count - len(lines)).to_pylist()
        lines += [f"{row['origin']}:{row['row']}: {row['reason']}: {row['text']}" for row in rows]
    return lines[:count]
