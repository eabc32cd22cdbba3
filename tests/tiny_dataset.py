"""Datasets small enough to train on in seconds, written as the pipeline writes them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.artifacts.dataset import ITEMS_FILE, SEQUENCES_DIR, STATS_FILE, Dataset, dataset_digest
from recsys.core.artifact import file_hashes
from recsys.core.events import CleaningPolicy
from recsys.core.json_files import write_json
from recsys.core.schema import MANIFEST
from tests import facts

SCHEMA = pa.schema(
    [
        ("user_id", pa.string()),
        ("items", pa.list_(pa.int32())),
        ("timestamps", pa.list_(pa.int64())),
        ("train_end", pa.int32()),
        ("validation_end", pa.int32()),
    ]
)


def write_dataset(
    path: Path,
    histories: Sequence[Sequence[int]],
    names: Sequence[str],
    item_counts: Sequence[int],
    counts: dict[str, Any],
    stats: dict[str, Any],
) -> Dataset:
    """Users ``u0``, ``u1``, … with an event a second; of each the last tests and the one before validates.

    Args:
        histories: internal ids, oldest first.
        names: what each item is called, and ``item_counts`` how often it was seen.
        counts, stats: what the manifest and ``stats.json`` say.
    """
    (path / SEQUENCES_DIR).mkdir(parents=True, exist_ok=True)
    rows = {
        "user_id": [f"u{user}" for user in range(len(histories))],
        "items": histories,
        "timestamps": [[1000 * step for step in range(len(items))] for items in histories],
        "train_end": [len(items) - 2 for items in histories],
        "validation_end": [len(items) - 1 for items in histories],
    }
    pq.write_table(pa.table(rows, schema=SCHEMA), path / SEQUENCES_DIR / "part-0.parquet")
    numbers = np.arange(1, len(names) + 1, dtype=np.int32)
    pd.DataFrame({"item_id": numbers, "external_id": names, "count": item_counts}).to_parquet(path / ITEMS_FILE)
    write_json(path / STATS_FILE, stats)
    hashes = file_hashes(path)
    about = {"counts": counts, "cleaning": CleaningPolicy().to_json(), "oov": {"buckets": 0}, **facts.DATASET}
    found = {"files": hashes, "dataset_digest": dataset_digest(counts, hashes, {})}
    write_json(path / MANIFEST, {**Dataset.heading(), **about, **found})
    return Dataset(path)
