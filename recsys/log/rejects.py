"""Refused rows, kept with their reason and where they stood."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recsys.core.publishing import appearing
from recsys.log.formats.raw import Reject

SHOWN = ("origin", "row", "text")


def write_rejects(rejects: list[Reject], path: Path) -> None:
    """One row a refused row: ``reason, origin, row, text``. Without any, no file."""
    if rejects:
        with appearing(path) as aside:
            pq.write_table(pa.Table.from_pylist([vars(one) for one in rejects]), aside, compression="zstd")


def first_rejects(directory: Path, count: int) -> list[str]:
    """Refused rows, one line each, for a message: the first of each reason, the most frequent reason first."""
    met: Counter[str] = Counter()
    first: dict[str, str] = {}
    for path in sorted(directory.glob("*.parquet")):
        rows = pq.read_table(path).sort_by([("origin", "ascending"), ("row", "ascending")])
        for found in rows.column("reason").value_counts().to_pylist():
            reason, number = found["values"], found["counts"]
            met[reason] += number
            if reason not in first:
                row = {name: rows.column(name)[rows.column("reason").index(reason).as_py()].as_py() for name in SHOWN}
                first[reason] = f"{row['origin']}:{row['row']}: {reason}: {row['text']}"
    return [first[reason] for reason, _ in met.most_common(count)]
