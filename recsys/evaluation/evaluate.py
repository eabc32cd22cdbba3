"""A model and its baselines over one split: the numbers, and the ranks that paired tests need."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from recsys.artifacts.dataset import Dataset
from recsys.config.evaluation import EvaluationConfig
from recsys.evaluation.baselines import BASELINES, TrainingEvents
from recsys.evaluation.lists import describe_lists
from recsys.evaluation.metrics import summarize
from recsys.evaluation.ranking import ScoreAll, rank_split
from recsys.evaluation.segments import summarize_segments


class Targets(NamedTuple):
    """What is to be predicted: user numbers and flat positions, ``[m] int64`` each."""

    split: str
    users: np.ndarray
    positions: np.ndarray


def targets_of(dataset: Dataset, split: str, at_most: int | None = None) -> Targets:
    """All targets of ``split`` that the vocabulary holds, or ``at_most`` of them, drawn by a fixed seed."""
    users, positions = dataset.sequences.targets(split)
    ranked = dataset.sequences.items[positions] <= len(dataset.vocabulary)  # an OOV bucket is no item to rank
    users, positions = users[ranked], positions[ranked]
    if at_most is not None and at_most < len(users):
        drawn = np.sort(np.random.default_rng(0).choice(len(users), at_most, replace=False))
        users, positions = users[drawn], positions[drawn]
    return Targets(split, users, positions)


def rank(
    score_all: ScoreAll,
    dataset: Dataset,
    targets: Targets,
    config: EvaluationConfig,
    on_top: Callable[[np.ndarray, np.ndarray], None] | None = None,
) -> np.ndarray:
    """Rank of each target in the full catalog, ``[m] float64``; ``on_top`` as in ``rank_split``."""
    return rank_split(
        score_all,
        dataset.sequences,
        targets.users,
        targets.positions,
        len(dataset.vocabulary),
        filter_seen=config.filter_seen,
        batch_size=config.batch_size,
        on_top=on_top,
    )


def ranks_table(dataset: Dataset, targets: Targets, ranks: np.ndarray) -> pd.DataFrame:
    """One row a target: what ``ranks.parquet`` holds."""
    sequences = dataset.sequences
    before = np.maximum(targets.positions - 1, sequences.offsets[targets.users])
    return pd.DataFrame(
        {
            "user_id": sequences.users[targets.users],
            "target": sequences.items[targets.positions],
            "rank": ranks,
            "history_length": (targets.positions - sequences.offsets[targets.users]).astype(np.int32),
            "target_count": dataset.item_counts[sequences.items[targets.positions]],
            "gap_ms": sequences.timestamps[targets.positions] - sequences.timestamps[before],
            "split": targets.split,
        }
    )


def evaluate(
    score_all: ScoreAll,
    dataset: Dataset,
    targets: Targets,
    ends: np.ndarray,
    config: EvaluationConfig,
    vectors: np.ndarray,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Metrics of a model beside its baselines, and the model's ranks.

    Args:
        ends: ``[users] int64``, flat end of what the model was trained on; the baselines see no more.
        vectors: ``[table, width]`` item embeddings, which say how alike the items of a list are.

    Returns:
        ``({"model": …, "baselines": {name: …}, "segments": …}, ranks)``.
    """
    events = TrainingEvents(dataset.sequences, ends, dataset.vocabulary.table_size)
    counts = np.bincount(dataset.sequences.items[events.flat], minlength=len(dataset.vocabulary) + 1)[
        : len(dataset.vocabulary) + 1
    ]

    def judge(scores: ScoreAll) -> tuple[dict[str, float], np.ndarray]:
        lists: list[tuple[np.ndarray, np.ndarray]] = []
        ranks = rank(scores, dataset, targets, config, lambda top, values: lists.append((top, values)))
        top, values = (np.concatenate(parts) for parts in zip(*lists, strict=True))
        return {**summarize(ranks, config.ks), **describe_lists(top, values, counts, vectors)}, ranks

    model, ranks = judge(score_all)
    table = ranks_table(dataset, targets, ranks)
    return {
        "model": model,
        "baselines": {name: judge(BASELINES[name](events))[0] for name in config.baselines},
        "segments": summarize_segments(table, (10,)),
    }, table
