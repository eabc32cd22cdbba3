"""How much the memory of the process that starts a job grows with users: ``prepare`` and ``score``.

    make bench-launcher

A synthetic log of 3 to 5 events a user and a few thousand items is prepared (files, the local runner, two worker
processes), and each user of it is scored with the candidates of a model of random weights, so small that ranking is
cheap: workers do what they always do, and the launcher sees as many users and shards as with any other model. A table
of one excluded item a user is cut by the launcher on the way. What is measured is the resident memory of the launcher
alone, never of its workers; the smaller log is what the larger one is held against. Options: --users (two), --items.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from benchmarks.processes import Ran, run
from benchmarks.results import Measurement, write_results
from benchmarks.score import COMMAND, write_run
from recsys.artifacts.dataset import Dataset
from recsys.core.schema import DATASETS_DIR

USERS, ITEMS = (1_000_000, 10_000_000), 3000
LEAST, MOST = 3, 5  # events of a user
CHUNK = 1_000_000  # users whose rows are held at once
DAY = 86_400
LIMIT = 100 << 20  # bytes
WORKERS = ("--workers", "2")
MODEL = {"max_length": 8, "width": 8, "blocks": 1, "heads": 1, "memory": None}
K = 10


def write_log(path: Path, users: int, items: int) -> None:
    """Write the log in order of days, on each of which a user does one thing at most."""
    names = ("user_id", "item_id", "timestamp")
    with pacsv.CSVWriter(path, pa.schema([(name, pa.int64()) for name in names])) as writer:
        for day in range(MOST):
            for first in range(0, users, CHUNK):
                rng = np.random.default_rng((day, first))
                everybody = np.arange(first, min(first + CHUNK, users))
                active = rng.permutation(everybody[LEAST + everybody % (MOST - LEAST + 1) > day])
                chosen = (items * rng.random(len(active)) ** 2).astype(np.int64)
                times = 1_700_000_000 + day * DAY + rng.integers(0, DAY, len(active))
                writer.write_table(pa.table(dict(zip(names, (active, chosen, times), strict=True))))


def write_excluded(path: Path, users: int, items: int) -> None:
    """Write one item a user that it must not see."""
    with pacsv.CSVWriter(path, pa.schema([("user_id", pa.int64()), ("item_id", pa.int64())])) as writer:
        for first in range(0, users, CHUNK):
            some = np.arange(first, min(first + CHUNK, users))
            writer.write_table(pa.table({"user_id": some, "item_id": some * 7 % items}))


def measure(folder: Path, users: int, items: int) -> dict[str, Ran]:
    """Prepare and score a log of so many users; the files are gone with ``folder``."""
    log, config, excluded = folder / "log.csv", folder / "config.yaml", folder / "excluded.csv"
    write_log(log, users, items)
    config.write_text(f"data: {{path: {log}}}\nprepare: {{k_core: 1}}\n")
    where = ("--work-dir", str(folder / "work"), *WORKERS)
    prepared = run("-c", COMMAND, "prepare", str(config), *where)
    log.unlink()
    (path,) = (folder / "work" / DATASETS_DIR).iterdir()
    dataset = Dataset(path)
    finished = write_run(folder / "run", dataset, len(dataset.items), MODEL)
    write_excluded(excluded, users, items)
    scored = run(
        "-c", COMMAND, "score", str(finished.path), str(path), "--k", str(K), "--exclude", str(excluded), *where
    )
    return {"prepare": prepared, "score": scored}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, nargs=2, default=USERS)
    parser.add_argument("--items", type=int, default=ITEMS)
    options = parser.parse_args()
    runs = []
    for users in options.users:
        with tempfile.TemporaryDirectory() as folder:
            runs.append(measure(Path(folder), users, options.items))
    rows = []
    for stage in runs[0]:
        for users, ran in zip(options.users, runs, strict=True):
            peak, seconds = ran[stage].launcher_bytes, ran[stage].seconds
            rows.append(Measurement(f"{stage}'s launcher, {users:,} users, in {seconds:,.0f} s", peak / 2**20, "MiB"))
        grown = runs[1][stage].launcher_bytes - runs[0][stage].launcher_bytes
        rows.append(Measurement(f"growth of {stage}'s", grown / 2**20, "MiB", "100 MiB", LIMIT / max(grown, 1 << 20)))
    write_results("launcher", rows)


if __name__ == "__main__":
    main()
