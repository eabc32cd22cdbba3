"""A synthetic click log of any size, written as a stream: Zipf items, log-normal histories, one user far too busy."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

ITEMS = 100_000
CHUNK = 2_000_000


def write_log(path: Path, events: int, seed: int = 1) -> None:
    """Write ``events`` rows ``user_id,item_id,timestamp,event_id``; one user in ten million events has a million."""
    rng = np.random.default_rng(seed)
    busy = events // 10
    lengths = np.maximum(rng.lognormal(3.3, 1.0, events // 40), 1)
    chances = np.cumsum(lengths) / lengths.sum()
    popularity = np.cumsum(1 / np.arange(1, ITEMS + 1))
    popularity /= popularity[-1]
    schema = pa.schema([(name, pa.int64()) for name in ("user_id", "item_id", "timestamp", "event_id")])
    with pacsv.CSVWriter(path, schema) as writer:
        for first in range(0, events, CHUNK):
            count = min(CHUNK, events - first)
            users = np.searchsorted(chances, rng.random(count)) + 1
            users[rng.random(count) < busy / events] = 0
            items = np.searchsorted(popularity, rng.random(count))
            times = 1_600_000_000 + rng.integers(0, 3 * 365 * 86_400, count)
            columns = (users, items, times, np.arange(first, first + count))
            writer.write_table(pa.table([pa.array(column, pa.int64()) for column in columns], schema=schema))
