"""A dataset small enough to train on in seconds, written as the pipeline writes one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.artifacts.dataset import ITEMS_FILE, SEQUENCES_DIR, STATS_FILE, Dataset, dataset_digest
from recsys.config import Config, parse_config
from recsys.core.artifact import file_hashes
from recsys.core.events import CleaningPolicy
from recsys.core.json_files import write_json
from tests import facts

ITEMS, USERS = 20, 60
SCHEMA = pa.schema(
    [
        ("user_id", pa.string()),
        ("items", pa.list_(pa.int32())),
        ("timestamps", pa.list_(pa.int64())),
        ("train_end", pa.int32()),
        ("validation_end", pa.int32()),
    ]
)


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Users who walk round a ring of items, two steps at a time more often than one."""
    path: Path = tmp_path_factory.mktemp("dataset")
    (path / SEQUENCES_DIR).mkdir()
    rng = np.random.default_rng(0)
    rows = []
    for user in range(USERS):
        steps = rng.choice([1, 2], rng.integers(4, 15), p=[0.2, 0.8])
        items = (rng.integers(ITEMS) + np.cumsum(steps)) % ITEMS + 1
        times = np.arange(len(items)) * 1000
        rows.append((f"u{user}", items.tolist(), times.tolist(), len(items) - 2, len(items) - 1))
    columns = dict(zip(SCHEMA.names, map(list, zip(*rows, strict=True)), strict=True))
    table = pa.table(columns, SCHEMA)
    pq.write_table(table, path / SEQUENCES_DIR / "part-0.parquet")
    counts = np.bincount(np.concatenate([row[1] for row in rows]), minlength=ITEMS + 1)[1:]
    numbers = np.arange(1, ITEMS + 1, dtype=np.int32)
    items = pd.DataFrame({"item_id": numbers, "external_id": [f"i{n}" for n in numbers], "count": counts})
    items.to_parquet(path / ITEMS_FILE)
    write_json(path / STATS_FILE, {})
    hashes = file_hashes(path)
    manifest = {
        **Dataset.heading(),
        "files": hashes,
        "counts": {"users": USERS},
        "cleaning": CleaningPolicy().to_json(),
        "oov": {"buckets": 0},
        **facts.DATASET,
    }
    write_json(path / "manifest.json", {**manifest, "dataset_digest": dataset_digest({"users": USERS}, hashes)})
    return Dataset(path)


@pytest.fixture(scope="session")
def config() -> Config:
    return parse_config(
        {
            "data": {"name": "ring"},
            "model": {
                "max_length": 10,
                "width": 8,
                "blocks": 1,
                "dropout": 0.2,
                "positions": "newest",
                "memory": {"window": 3, "neighbours": 4, "newest": 3},
            },
            "training": {
                "epochs": 4,
                "validate_every": 1,
                "schedule": "constant",
                "events": "newest",
                "batch_size": 16,
                "warmup_steps": 0,
                "negatives": {"uniform": 15},
                "deterministic": True,
            },
        }
    )
