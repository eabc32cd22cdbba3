"""Scoring a shard of a dataset with a run's model."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.artifacts.dataset import Dataset
from recsys.core.publishing import appearing
from recsys.core.schema import EXTERNAL_ID, ITEMS, USER
from recsys.evaluation.top_items import recommend


def score_shard(
    run_path: Path, dataset_path: Path, target: Path, k: int, filter_seen: bool, number: int
) -> dict[str, Any]:
    """Write the ``k`` best items of every user in shard ``number``; returns how many users there were."""
    score_all, length = _load(run_path)
    names, items = _items(dataset_path)
    sequences = Dataset(dataset_path).shard(number)
    ids, values = recommend(score_all, sequences, length, items, k, filter_seen)
    ranked = np.isfinite(values)
    offsets = pa.array(np.concatenate([[0], np.cumsum(ranked.sum(axis=1))]).astype(np.int32))
    table = pa.table(
        {
            USER: pa.array(sequences.users, pa.string()),
            ITEMS: pa.ListArray.from_arrays(offsets, names.take(pa.array(ids[ranked] - 1))),
            "scores": pa.ListArray.from_arrays(offsets, pa.array(values[ranked])),
        }
    )
    with appearing(target / f"{number:05d}.parquet") as aside:  # two attempts, maybe on two machines, never share it
        pq.write_table(table, aside, compression="zstd")
    return {"number": number, "users": len(table)}


@cache
def _load(run_path: Path) -> tuple[Any, int]:
    """The run's model, once a process."""
    from recsys.artifacts.run import Run
    from recsys.evaluation.scorer import compiled
    from recsys.models.loading import load_run

    model = load_run(Run(run_path))
    return compiled(model), model.config.max_length


@cache
def _items(dataset_path: Path) -> tuple[pa.Array, int]:
    table = Dataset(dataset_path).items
    return pa.array(table[EXTERNAL_ID], pa.string()), len(table)
