"""Scoring a shard of a dataset with a run's model."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.artifacts.dataset import Dataset
from recsys.core.history import History
from recsys.core.publishing import appearing
from recsys.core.schema import EXTERNAL_ID, ITEMS, USER
from recsys.evaluation.top_items import recommend


def score_shard(
    run_path: Path, dataset_path: Path, target: Path, k: int, filter_seen: bool, number: int
) -> dict[str, Any]:
    """Write the ``k`` best items of every user in shard ``number``; returns how many users there were.

    A model that reads times ranks for the moment of the log's newest event.
    """
    score_all, like = _load(run_path)
    names, items, now = _items(dataset_path)
    sequences = Dataset(dataset_path).shard(number)
    ids, values = recommend(score_all, sequences, like, items, k, filter_seen, now)
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
def _load(run_path: Path) -> tuple[Any, History]:
    """The run's model, once a process."""
    from recsys.artifacts.run import Run
    from recsys.evaluation.scorer import compiled
    from recsys.models.events import history_spec
    from recsys.models.loading import load_run

    model = load_run(Run(run_path))
    return compiled(model), history_spec(model.config, None)


@cache
def _items(dataset_path: Path) -> tuple[pa.Array, int, int]:
    """The items' names, how many there are, and when the log's newest event was."""
    dataset = Dataset(dataset_path)
    return pa.array(dataset.items[EXTERNAL_ID], pa.string()), len(dataset.items), int(dataset.stats["last_event"])
