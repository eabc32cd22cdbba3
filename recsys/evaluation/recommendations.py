"""What users may want next, given everything that they did: the best items for each, a shard of a dataset at a time."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.artifacts.dataset import Dataset
from recsys.core.events.codes import EventCodes
from recsys.core.history import History
from recsys.core.publishing import appearing
from recsys.core.schema import EXTERNAL_ID, ITEMS, USER
from recsys.evaluation.ranking import remove_seen, top_items
from recsys.sequences.sequences import Sequences

CELLS = 1 << 24  # scores held at once


def recommend(
    score_all: Callable[[History], Any],
    sequences: Sequences,
    like: History,
    items: int,
    k: int,
    filter_seen: bool,
    now: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The ``k`` best items for each user.

    Args:
        score_all: histories to scores ``[b, table]``.
        like: the types of a history, as ``history_spec`` gives them.
        now: when they may want it, in milliseconds since 1970; read where times are.
        items: ids ``1..items`` are ranked (not the padding, nor OOV buckets).

    Returns:
        ``(ids [users, k] int32, scores [users, k] float32)``, as ``top_items``.
    """
    k = min(k, items)
    ids = np.empty((len(sequences), k), np.int32)
    values = np.empty((len(sequences), k), np.float32)
    step = max(1, CELLS // (items + 1))
    for first in range(0, len(sequences), step):
        users = np.arange(first, min(first + step, len(sequences)))
        ends = sequences.offsets[users + 1]
        histories = sequences.histories(users, ends, like, np.full(len(users), now))
        scores = np.array(score_all(histories), np.float32)[:, : items + 1]
        scores[:, 0] = -np.inf
        if filter_seen:
            remove_seen(scores, sequences, users, ends)
        ids[users], values[users] = top_items(scores, k)
    return ids, values


def recommend_shard(
    run_path: Path, dataset_path: Path, target: Path, k: int, filter_seen: bool, number: int
) -> dict[str, Any]:
    """Write the ``k`` best items of every user in shard ``number``; returns how many users there were.

    A model that reads times ranks for the moment of the log's newest event.
    """
    score_all, like, codes = _load(run_path)
    names, items, now = _items(dataset_path)
    sequences = Dataset(dataset_path).shard(number).recoded(codes)
    ids, values = recommend(score_all, sequences, like, items, k, filter_seen, now)
    ranked = np.isfinite(values)
    lengths = ranked.sum(axis=1)
    table = pa.table(
        {
            USER: pa.array(sequences.users, pa.string()),
            ITEMS: lists(lengths, names.take(pa.array(ids[ranked] - 1))),
            "scores": lists(lengths, pa.array(values[ranked])),
        }
    )
    with appearing(target / f"{number:05d}.parquet") as aside:  # two attempts, maybe on two machines, never share it
        pq.write_table(table, aside, compression="zstd")
    return {"number": number, "users": len(table)}


def lists(lengths: npt.NDArray[np.integer[Any]], values: pa.Array) -> pa.ListArray:
    """A column of lists, ``lengths`` long, of ``values`` end to end."""
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)), values)


@cache
def _load(run_path: Path) -> tuple[Any, History, EventCodes]:
    """The run's model and what it reads, once a process."""
    from recsys.artifacts.run import Run
    from recsys.evaluation.scorer import compiled
    from recsys.models.events import history_spec
    from recsys.models.loading import load_run

    run = Run(run_path)
    model = load_run(run)
    return compiled(model), history_spec(model.config, None), EventCodes.from_json(run.manifest.event_codes)


@cache
def _items(dataset_path: Path) -> tuple[pa.Array, int, int]:
    """The items' names, how many there are, and when the log's newest event was."""
    dataset = Dataset(dataset_path)
    return pa.array(dataset.items[EXTERNAL_ID], pa.string()), len(dataset.items), int(dataset.stats["last_event"])
