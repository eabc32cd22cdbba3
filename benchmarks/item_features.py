"""What features of items cost in training, in a catalog of a million items: memory, and the time of a step.

    make bench-item_features
    python -m benchmarks.item_features --items 200000 --values 1000 --wide 128

Every item has three categories and a vector. The log and the table are prepared as any others; then a process of its
own trains the first steps as `recsys train` does, and tells its peak. The steps with and without features are timed
turn and turn about in one process, on the same events. The limits are 4 GiB and a step of 1.3 times one without.
"""

import argparse
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from benchmarks.results import Measurement, write_results
from recsys.config import Config, parse_config

ITEMS, VALUES, WIDE = 1_000_000, 10_000, 64
EVENTS, LENGTH = 2, 10  # events an item, and events a user, on average
STEPS, WARM = 30, 3
LIMIT_BYTES, LIMIT_RATIO = 4 * 2**30, 1.3


def write_shop(folder: Path, items: int, values: int, wide: int) -> None:
    """A log in which every item has ``EVENTS`` events, and the table of the items.

    Args:
        values: of the largest category; the second has a tenth of them, the third a hundredth.
        wide: numbers of an item's vector.
    """
    random = np.random.default_rng(0)
    touched = random.permutation(np.tile(np.arange(items), EVENTS))
    users = random.integers(0, len(touched) // LENGTH, len(touched))
    names = ("user_id", "item_id", "timestamp", "event_id")
    places = np.arange(len(touched))
    columns = dict(zip(names, (users, touched, 1_600_000_000 + places, places), strict=True))
    pacsv.write_csv(pa.table(columns), folder / "events.csv")
    kinds = {
        f"category_{share}": [f"value {one}" for one in random.integers(0, max(values // share, 1), items)]
        for share in (1, 10, 100)
    }
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(random.normal(size=items * wide).astype(np.float32)), wide)
    pq.write_table(pa.table({"item_id": np.arange(items), **kinds, "image": vectors}), folder / "items.parquet")


def recipe(folder: Path) -> Config:
    """The default model, but for a history's length, over the shop in ``folder``."""
    features = {**{f"category_{share}": "category" for share in (1, 10, 100)}, "image": "vector"}
    return parse_config(
        {
            "data": {
                "path": str(folder / "events.csv"),
                "columns": {"event_id": "event_id"},
                "items": {"path": str(folder / "items.parquet"), "features": features},
            },
            "prepare": {"k_core": 1},
            "model": {"max_length": 50},
            "training": {"loss": "sampled_softmax", "negatives": {"uniform": 256}},
            "tracking": {"enabled": False},
        }
    )


def first_steps(folder: Path, dataset: Path) -> None:
    """Train a few steps as `recsys train` does, and print this process' peak memory in bytes."""
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.run import Run
    from recsys.training.facts import peak_memory_bytes
    from recsys.training.phases import Training
    from recsys.training.workers import Workers

    run = Run(folder / "run")
    run.checkpoint_dir.mkdir(parents=True)
    _, fit = Training(recipe(folder), Dataset(dataset), run, Workers()).search()
    for _, loss in zip(range(WARM), fit.steps(1), strict=False):
        loss.numpy()
    sys.stdout.write(f"{peak_memory_bytes()}\n")


def step_seconds(folder: Path, dataset: Path) -> list[tuple[float, float]]:
    """Seconds of a step with and of one without features, turn and turn about."""
    from recsys.artifacts.dataset import Dataset
    from recsys.training.assembly import assemble
    from recsys.training.fit import Fit

    config, known = recipe(folder), Dataset(dataset)
    ends, sizes = known.sequences.bounds("train")[1], (len(known.vocabulary), known.vocabulary.table_size)

    def steps(*features: Any) -> Any:
        model, batches = assemble(config.model, config.training, known.sequences, ends, *sizes, *features)
        fit = Fit(model, batches, config.training, [])
        return itertools.chain.from_iterable(fit.steps(epoch) for epoch in itertools.count(1))

    def seconds(fit: Any) -> float:
        started = time.perf_counter()
        next(fit).numpy()
        return time.perf_counter() - started

    both = steps(known.features), steps()
    turns = [(seconds(both[0]), seconds(both[1])) for _ in range(WARM + STEPS)]
    return turns[WARM:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=ITEMS, help=f"of the catalog (default: {ITEMS:,})")
    parser.add_argument("--values", type=int, default=VALUES, help=f"of the largest category (default: {VALUES:,})")
    parser.add_argument("--wide", type=int, default=WIDE, help=f"numbers of an item's vector (default: {WIDE})")
    parser.add_argument("--first-steps", nargs=2, type=Path, metavar=("FOLDER", "DATASET"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.first_steps is not None:
        first_steps(*args.first_steps)
        return
    from pipelines.prepare import prepare

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_shop(folder, args.items, args.values, args.wide)
        dataset = prepare(recipe(folder), folder / "work").artifact.path
        command = [sys.executable, "-m", "benchmarks.item_features", "--first-steps", str(folder), str(dataset)]
        peak = int(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1])
        turns = step_seconds(folder, dataset)
    described, plain = (1000 * statistics.median(column) for column in zip(*turns, strict=True))
    what = f"{args.items:,} items"
    limit = f"{LIMIT_BYTES / 2**30:.0f} GiB"
    ratio = described / plain
    rows = [
        Measurement(f"peak memory, {what}", peak / 2**30, "GiB", limit, LIMIT_BYTES / peak),
        Measurement(f"a step without features, {what}", plain, "ms"),
        Measurement(f"a step with features, {what}", described, "ms", f"{LIMIT_RATIO} without", LIMIT_RATIO / ratio),
    ]
    write_results("item_features", rows)


if __name__ == "__main__":
    main()
