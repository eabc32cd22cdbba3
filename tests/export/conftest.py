"""A small chain of items, a dataset of it, and a model whose transition memory knows the chain."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.artifacts.dataset import ITEMS_FILE, SEQUENCES_DIR, STATS_FILE, Dataset
from recsys.core.artifact import file_hashes
from recsys.core.events.codes import EventCodes
from recsys.core.json_files import read_json, write_json
from recsys.core.schema import ITEMS as ITEM_LIST
from recsys.core.schema import MANIFEST, TIMESTAMPS, TRAIN_END, TYPES, USER, VALIDATION_END, VALUES
from tests import facts as known

ITEMS, USERS, LENGTH = 60, 80, 12


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """80 users who mostly step from item i to i + 1, now and then anywhere."""
    path: Path = tmp_path_factory.mktemp("dataset")
    random = np.random.default_rng(5)
    rows = []
    for user in range(USERS):
        items = [int(random.integers(1, ITEMS + 1))]
        for _ in range(int(random.integers(4, 20))):
            step = items[-1] % ITEMS + 1
            items.append(step if random.random() < 0.8 else int(random.integers(1, ITEMS + 1)))
        times = np.cumsum(random.integers(0, 3, len(items))) * 1000
        rows.append((f"u{user}", items, times.tolist(), len(items) - 2, len(items) - 1))
    (path / SEQUENCES_DIR).mkdir()
    types = {
        USER: pa.string(),
        ITEM_LIST: pa.list_(pa.int32()),
        TIMESTAMPS: pa.list_(pa.int64()),
        TRAIN_END: pa.int32(),
        VALIDATION_END: pa.int32(),
    }
    columns = {
        name: pa.array(column, kind)
        for (name, kind), column in zip(types.items(), zip(*rows, strict=True), strict=True)
    }
    pq.write_table(pa.table(columns), path / SEQUENCES_DIR / "0.parquet")
    table = pd.DataFrame({"item_id": range(1, ITEMS + 1), "external_id": [f"é{i}" for i in range(ITEMS)]})
    table["count"], table["title"] = 1, [f"Film {i}" if i % 7 else None for i in range(ITEMS)]
    table.to_parquet(path / ITEMS_FILE)
    write_json(path / STATS_FILE, {})
    facts = {**known.DATASET, "dataset_digest": "0" * 32, "counts": {}, "oov": {"buckets": 0}, "cleaning": {}}
    write_json(path / MANIFEST, {**Dataset.heading(), "files": file_hashes(path), **facts})
    return Dataset(path)


@pytest.fixture(scope="session")
def channel_dataset(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The same events, each of one of three types, and most with one of five values."""
    path: Path = tmp_path_factory.mktemp("channels") / "dataset"
    shutil.copytree(dataset.path, path)
    (shard,) = (path / SEQUENCES_DIR).iterdir()
    table = pq.read_table(shard)
    offsets = table.column(ITEM_LIST).combine_chunks().offsets
    random = np.random.default_rng(9)
    count = len(dataset.sequences.items)
    values = random.choice(np.array([np.nan, 1, 2, 3, 4, 5], np.float32), count)
    for name, flat in ((TYPES, random.integers(2, 5, count).astype(np.int32)), (VALUES, values)):
        table = table.append_column(name, pa.ListArray.from_arrays(offsets, pa.array(flat)))
    pq.write_table(table, shard)
    manifest = {**read_json(path / MANIFEST), "files": file_hashes(path)}
    manifest["event_codes"] = EventCodes(("buy", "cart", "view"), (2.0, 3.0, 4.0, 5.0)).to_json()
    manifest["cleaning"] = {"event_types": ["buy", "cart", "view"]}
    write_json(path / MANIFEST, manifest)
    return Dataset(path)


@pytest.fixture(scope="session")
def model(dataset: Dataset):
    """Random attention beside a memory of the chain's transitions."""
    from recsys.config.model import MemoryConfig, ModelConfig
    from recsys.models.keras import keras
    from recsys.models.sasrec import build_model
    from recsys.sequences.transitions import Transitions

    keras.utils.set_random_seed(3)
    config = ModelConfig(
        max_length=LENGTH,
        width=16,
        blocks=2,
        heads=2,
        positions="newest",
        memory=MemoryConfig(neighbours=8, newest=4),
    )
    model = build_model(config, dataset.vocabulary.table_size)
    sequences = dataset.sequences
    counts = np.zeros((model.items.rows, model.items.rows), np.float32)
    for start, end in zip(*sequences.bounds("train"), strict=True):
        items = sequences.items[start:end]
        np.add.at(counts, (items[:-1], items[1:]), 1.0)
    neighbours = np.argsort(-counts, axis=1, kind="stable")[:, :8].astype(np.int32)
    weights = np.take_along_axis(counts, neighbours, 1)
    fields = {field.name for field in dataclasses.fields(Transitions)}
    values = {
        "neighbours": np.where(weights > 0, neighbours, 0),
        "weights": weights,
        "totals": counts.sum(1),
        "window": 1,
    }
    model.transitions.assign(Transitions(**{name: value for name, value in values.items() if name in fields}))
    return model
