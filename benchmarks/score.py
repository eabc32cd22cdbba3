"""Candidates for every user against numpy's matrix product and argpartition over as many scores.

    make bench-score

``ranking`` is scores, memory, seen items and the top 100 in one process; ``job`` is ``recsys score`` from its start to
its end, with TensorFlow's and Beam's import, encoding and writing. Both are held against what numpy takes for the
matrix product and the argpartition alone, turn and turn about on the same machine: in blocks that the processor's
cache holds, and, as most would write it, of many users in one call, which is several times slower. The model has random
weights, reads 50 events and has a memory; users have 10 events in the median. Options: --users, --items (several),
--ranking-only.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.processes import run
from benchmarks.results import Measurement, write_results
from recsys.artifacts.dataset import ITEMS_FILE, SEQUENCES_DIR, STATS_FILE, Dataset, dataset_digest
from recsys.artifacts.list_column import lists
from recsys.artifacts.run import Run
from recsys.config import parse_config
from recsys.core.artifact import file_hashes
from recsys.core.events import CleaningPolicy
from recsys.core.json_files import write_json
from recsys.core.schema import MANIFEST
from recsys.sequences.sequences import Sequences

USERS, ITEMS = 100_000, (10_000, 100_000)
SHARD, K, BLOCK, TURNS = 25_000, 100, 256, 3
AT_ONCE = 300_000_000  # scores of one call: 1.2 GB
TYPICAL, SPREAD, LONGEST = 10, 0.8, 200  # events of a user: log-normal
LIMIT_BYTES = 3 * 2**30
MODEL = {"max_length": 50, "blocks": 2}
COMMAND = "from recsys.cli import main; import sys; sys.exit(main())"


def make_sequences(users: int, items: int) -> Sequences:
    """Users of random events; popular items more often."""
    rng = np.random.default_rng(0)
    lengths = np.clip(rng.lognormal(np.log(TYPICAL), SPREAD, users).astype(np.int64), 3, LONGEST)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    chosen = (items * rng.random(offsets[-1]) ** 2).astype(np.int32) + 1
    names = np.array([f"u{number}" for number in range(users)], object)
    return Sequences(names, offsets, chosen, np.arange(offsets[-1]), lengths - 2, lengths - 1)


def write_dataset(path: Path, sequences: Sequences, items: int) -> Dataset:
    """As prepare writes it, but for what nobody reads here."""
    (path / SEQUENCES_DIR).mkdir(parents=True)
    lengths = np.diff(sequences.offsets)
    table = pa.table(
        {
            "user_id": pa.array(sequences.users, pa.string()),
            "items": lists(lengths, pa.array(sequences.items)),
            "timestamps": lists(lengths, pa.array(sequences.timestamps)),
            "train_end": pa.array(sequences.train_end, pa.int32()),
            "validation_end": pa.array(sequences.validation_end, pa.int32()),
        }
    )
    for number, first in enumerate(range(0, len(table), SHARD)):
        pq.write_table(table.slice(first, SHARD), path / SEQUENCES_DIR / f"{number:05d}.parquet")
    numbers = np.arange(1, items + 1, dtype=np.int32)
    named = pd.DataFrame({"item_id": numbers, "external_id": [f"i{number}" for number in numbers], "count": 1})
    named.to_parquet(path / ITEMS_FILE)
    write_json(path / STATS_FILE, {"last_event": int(sequences.timestamps[-1])})
    hashes, counts = file_hashes(path), {"users": len(sequences)}
    manifest = {
        **Dataset.heading(),
        "config_digest": "0" * 32,
        "dataset_digest": dataset_digest(counts, hashes, {}),
        "counts": counts,
        "cleaning": CleaningPolicy().to_json(),
        "oov": {"buckets": 0},
        "split": "leave_one_out",
        "inputs": {"log": [], "items": None, "relations": None, "data": {}, "prepare": {}, "extends": None},
        "files": hashes,
    }
    write_json(path / MANIFEST, manifest)
    return Dataset(path)


def write_run(path: Path, dataset: Dataset, items: int, settings: dict[str, Any] = MODEL) -> Run:
    """A finished run that has learned nothing; its memory, if any, has counted as many transitions as it can hold."""
    from recsys.models.sasrec import build_model
    from recsys.models.weights import save_weights

    config = parse_config({"data": {"path": "log.csv"}, "model": settings, "evaluation": {"filter_seen": True}})
    model, rng = build_model(config.model, items + 1), np.random.default_rng(1)
    if model.transitions is not None:
        depth = model.transitions.depth
        first = rng.integers(1, items + 1, items + 1)[:, None]  # neighbours of an item are distinct
        neighbours = ((first + np.arange(depth) * (items // depth - 1)) % items + 1).astype(np.int32)
        counts = np.sort(rng.integers(1, 50, neighbours.shape), axis=1)[:, ::-1].astype(np.float32)
        model.transitions.assign_rows(neighbours, counts, counts.sum(1))
    about = {
        "digest": "1" * 32,
        "name": "random",
        "config_digest": "0" * 32,
        "seed": 1,
        "protocol": "leave_one_out",
        "request_time": False,
        "dataset_digest": dataset.digest,
        "table_size": items + 1,
        "vocabulary_digest": dataset.vocabulary.digest,
        "started": "2026-01-01T00:00:00+00:00",
    }
    made = Run.create(path, config.to_json(), about)
    save_weights(model, made.weights_file)
    write_json(path / MANIFEST, {**Run.heading(), **about, "status": "finished", "files": file_hashes(path)})
    return made


def numpy_seconds(vectors: npt.NDArray[np.float32], queries: npt.NDArray[np.float32], block: int) -> float:
    """The matrix product and the argpartition, a block of users at a time."""
    started = time.perf_counter()
    for first in range(0, len(queries), block):
        scores = queries[first : first + block] @ vectors.T
        np.argpartition(scores, len(vectors) - K, axis=1)[:, -K:]
    return time.perf_counter() - started


def rank_once(run: Run, dataset: Dataset, users: int) -> tuple[float, float, float]:
    """Seconds a user, as medians: of numpy in blocks, of numpy in one call, and of our ranking.

    The queries are encoded before.
    """
    from recsys.models.loading import load_run
    from recsys.scoring.item_index import ItemIndex
    from recsys.scoring.query_encoder import QueryEncoder
    from recsys.scoring.recommend import LeftOut, batches, rank_queries

    model, sequences = load_run(run), dataset.sequences
    index = ItemIndex.of(model, np.arange(1, len(dataset.items) + 1, dtype=np.int32))
    encoder, left_out = QueryEncoder(model), LeftOut.of(index, sequences, filter_seen=True)
    encoded = []
    for some, length in batches(np.diff(sequences.offsets)[:users], encoder.shortest, encoder.longest):
        ends = sequences.offsets[some + 1]
        encoded.append((encoder(sequences.histories(some, ends, encoder.spec(length), ends * 0)), some))
    vectors = np.concatenate([queries.vectors for queries, _ in encoded])

    def ours() -> float:
        started = time.perf_counter()
        for queries, some in encoded:
            rank_queries(index, queries, K, left_out, some)
        return time.perf_counter() - started

    few = vectors[: AT_ONCE // len(index.vectors)]
    turns = [
        (
            numpy_seconds(index.vectors, vectors, BLOCK) / len(vectors),
            numpy_seconds(index.vectors, few, len(few)) / len(few),
            ours() / len(vectors),
        )
        for _ in range(TURNS)
    ]
    blocks, at_once, own = (statistics.median(column) for column in zip(*turns, strict=True))
    return blocks, at_once, own


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--items", type=int, nargs="+", default=ITEMS)
    parser.add_argument("--ranking-only", action="store_true", help="leave the whole job out")
    options = parser.parse_args()
    measurements = []
    for items in options.items:
        with tempfile.TemporaryDirectory() as folder:
            what = f"{options.users:,} users, {items:,} items"
            dataset = write_dataset(Path(folder) / "dataset", make_sequences(options.users, items), items)
            finished = write_run(Path(folder) / "run", dataset, items)
            sample = min(options.users, 10_000_000_000 // items // 20)  # what a few minutes allow
            blocks, at_once, own = rank_once(finished, dataset, sample)
            peers = {"numpy in blocks": blocks, "numpy in one call": at_once}
            measurements += [
                Measurement(f"ranking, {what}", 1 / own, "users a second", name, each / own)
                for name, each in peers.items()
            ]
            if options.ranking_only:
                continue
            work = str(Path(folder) / "work")
            done = run("-c", COMMAND, "score", str(finished.path), str(dataset.path), "--k", str(K), "--work-dir", work)
            measurements += [
                Measurement(f"job, {what}", done.seconds, "s", name, each * options.users / done.seconds)
                for name, each in peers.items()
            ]
            peak = done.peak_bytes
            measurements.append(Measurement(f"peak, {what}", peak / 2**30, "GiB", "3 GiB", LIMIT_BYTES / peak))
    write_results("score", measurements)


if __name__ == "__main__":
    main()
