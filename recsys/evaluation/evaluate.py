"""Recommenders over one split: their numbers, and the ranks that paired tests need."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from recsys.artifacts.dataset import Dataset
from recsys.config.evaluation import EvaluationConfig
from recsys.core.errors import DataError
from recsys.core.schema import PAD_ID
from recsys.evaluation.baselines import BASELINES, TrainingEvents
from recsys.evaluation.cold_ranks import ColdRanks
from recsys.evaluation.lists import ListDescriber
from recsys.evaluation.metrics import summarize
from recsys.evaluation.ranking import TOP, ScoreAll, not_a_number, rank_targets, remove_seen, top_items
from recsys.features.encoded import EncodedFeature
from recsys.sequences.sequences import Sequences

TARGET_TYPE = "target_type"  # column of the ranks


class Targets(NamedTuple):
    """What is to be predicted: user numbers and flat positions, ``[m] int64`` each."""

    split: str
    users: np.ndarray
    positions: np.ndarray


class EvaluationData(NamedTuple):
    """What evaluation reads of a dataset, taken once.

    Attributes:
        items: of the vocabulary; ids above are OOV buckets.
        counts: how often each item was seen, ``[rows of the item table] int64``.
        features: reads what is known of each item beside its events, when a baseline asks for it.
    """

    sequences: Sequences
    items: int
    counts: np.ndarray
    features: Callable[[], Sequence[EncodedFeature]] = tuple

    @classmethod
    def of(cls, dataset: Dataset) -> "EvaluationData":
        return cls(dataset.sequences, len(dataset.vocabulary), dataset.item_counts, lambda: dataset.features)


def targets_of(data: EvaluationData, split: str, at_most: int | None = None) -> Targets:
    """All targets of ``split`` that the vocabulary holds, or ``at_most`` of them, drawn by a fixed seed."""
    users, positions = data.sequences.targets(split)
    ranked = data.sequences.items[positions] <= data.items  # an OOV bucket is no item to rank
    users, positions = users[ranked], positions[ranked]
    if at_most is not None and at_most < len(users):
        drawn = np.sort(np.random.default_rng(0).choice(len(users), at_most, replace=False))
        users, positions = users[drawn], positions[drawn]
    return Targets(split, users, positions)


def require_targets(data: EvaluationData, split: str) -> Targets:
    """All targets of ``split``.

    Raises:
        DataError: there are none.
    """
    targets = targets_of(data, split)
    if not len(targets.users):
        raise DataError(
            f"evaluation: no user has a {split} event on an item of training, so there is nothing to rank; look at "
            "report.html in the dataset, and at prepare.split"
        )
    return targets


def rank(
    score_all: ScoreAll,
    data: EvaluationData,
    targets: Targets,
    config: EvaluationConfig,
    on_scores: Callable[[np.ndarray, np.ndarray], None] | None = None,
) -> np.ndarray:
    """Rank of each target in the full catalog, ``[m] float64``.

    Args:
        on_scores: is given each batch's scores, ``[b, items + 1]``, −inf where an item is out of the ranking, and its
            targets, ``[b]``.

    Raises:
        RecsysError: a score is not a number.
    """
    sequences, ranks = data.sequences, []
    for first in range(0, len(targets.positions), config.batch_size):
        users, positions = (of[first : first + config.batch_size] for of in (targets.users, targets.positions))
        scores = np.array(score_all(users, positions))[:, : data.items + 1]
        if np.isnan(scores).any():
            raise not_a_number(sequences.users[users[np.isnan(scores).any(axis=1).argmax()]])
        scores[:, PAD_ID] = -np.inf
        wanted = sequences.items[positions]
        if config.filter_seen:
            own = scores[np.arange(len(scores)), wanted]
            remove_seen(scores, sequences, users, positions)
            scores[np.arange(len(scores)), wanted] = own  # the target always stays
        if on_scores is not None:
            on_scores(scores, wanted)
        ranks.append(rank_targets(scores, wanted))
    return np.concatenate(ranks) if ranks else np.empty(0)


def ranks_table(data: EvaluationData, targets: Targets, ranks: np.ndarray) -> pd.DataFrame:
    """One row a target: what ``ranks.parquet`` holds; its type, too, where events of several types are predicted."""
    sequences = data.sequences
    types: dict[str, Any] = {}
    if len(sequences.target_types) > 1 and sequences.types is not None:
        names = np.array(["", "", *sequences.codes.types], object)
        types = {TARGET_TYPE: names[sequences.types[targets.positions]]}
    before = np.maximum(targets.positions - 1, sequences.offsets[targets.users])
    return pd.DataFrame(
        {
            "user_id": sequences.users[targets.users],
            "target": sequences.items[targets.positions],
            "rank": ranks,
            "history_length": (targets.positions - sequences.offsets[targets.users]).astype(np.int32),
            "target_count": data.counts[sequences.items[targets.positions]],
            "gap_ms": sequences.timestamps[targets.positions] - sequences.timestamps[before],
            "split": targets.split,
            **types,
        }
    )


class Evaluated(NamedTuple):
    """One recommender over one split: its metrics, those of its lists among them, and one row a target."""

    metrics: dict[str, float]
    ranks: pd.DataFrame


class Evaluator:
    """Holds recommenders against the targets of ``split``.

    Args:
        refit: whether the model that predicts test targets was trained on validation events, too. Baselines see what
            the model was trained on and no more, and what lists are like is told by it.

    Raises:
        DataError: the split has no target.
    """

    def __init__(self, data: EvaluationData, split: str, config: EvaluationConfig, *, refit: bool) -> None:
        self.data, self.targets, self.config = data, require_targets(data, split), config
        _, ends = data.sequences.bounds("validation" if refit and split == "test" else "train")
        self.events = TrainingEvents(data.sequences, ends, len(data.counts))
        self._describe = ListDescriber(self.events, data.items)

    def __call__(self, score_all: ScoreAll) -> Evaluated:
        """Rank the catalog for every target."""
        lists: list[tuple[np.ndarray, np.ndarray]] = []
        among_cold = ColdRanks(self.data.counts, self.data.items)

        def look(scores: np.ndarray, wanted: np.ndarray) -> None:
            lists.append(top_items(scores, TOP))
            among_cold(scores, wanted)

        ranks = rank(score_all, self.data, self.targets, self.config, look)
        top, values = (np.concatenate(parts) for parts in zip(*lists, strict=True))
        metrics = {**summarize(ranks, self.config.ks), **self._describe(top, values)}
        return Evaluated(metrics, ranks_table(self.data, self.targets, ranks).assign(**among_cold.columns()))

    def baseline(self, name: str) -> Evaluated:
        """The same of the baseline called ``name``, counted from what the model was trained on."""
        events = self.events._replace(features=tuple(self.data.features())) if name == "content" else self.events
        return self(BASELINES[name](events))
