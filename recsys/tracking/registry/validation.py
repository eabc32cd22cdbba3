"""The validation ranks that a candidate and its rivals are held together by. Nothing here reads a test target."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.artifacts.dataset import Dataset
from recsys.config.evaluation import EvaluationConfig
from recsys.core.errors import ConfigError
from recsys.core.history import History
from recsys.core.schema import PAD_ID
from recsys.evaluation.evaluate import EvaluationData, Targets, rank, targets_of
from recsys.evaluation.ranking import ScoreAll
from recsys.evaluation.significance import Floats
from recsys.experiments.ranks import aligned, read_ranks
from recsys.tracking.models.loader import Recommender
from recsys.tracking.registry.champions import Contender
from recsys.tracking.registry.registry import load
from recsys.tracking.runs import local_path
from recsys.tracking.store.store import Store

SPLIT = "validation"


class Ranks(NamedTuple):
    """Whose target each is, ``[targets]``, and each contender's ranks of them, ``[targets]``."""

    users: npt.NDArray[np.int64]
    ranks: list[Floats]


def rescored(
    store: Store,
    candidate: Recommender,
    rivals: list[Contender],
    dataset: Dataset,
    evaluation: EvaluationConfig,
    scratch: Path,
) -> Ranks:
    """Every model ranks the validation targets of the candidate's dataset anew, whatever it was trained on."""
    targets = targets_of(EvaluationData.of(dataset), SPLIT)
    models = [candidate, *(load(store, rival.version, scratch) for rival in rivals)]
    return Ranks(targets.users, [ranks_in(model, dataset, targets, evaluation) for model in models])


def before_refit(store: Store, contenders: list[Contender], scratch: Path) -> Ranks:
    """The ranks that each run kept from before its refit, when the validation events were new to it.

    Raises:
        ConfigError: the runs were trained on different datasets, on which no such ranks can be compared.
        DataError: a run has kept none.
    """
    candidate = contenders[0].run
    for _, run in contenders[1:]:
        if run.dataset_digest != candidate.dataset_digest:
            raise ConfigError(
                f"{candidate.name} ({candidate.digest[:8]}) learned from its validation events at the end "
                f"(training.refit), so that it can be held only against runs on its own dataset, and {run.name} "
                f"({run.digest[:8]}) was trained on another; promote a run without training.refit"
            )
    tables = [read_ranks(local_path(store, run, "run/ranks.parquet", scratch), SPLIT) for _, run in contenders]
    users, ranks = aligned(tables)
    return Ranks(users.astype(np.int64), ranks)


def ranks_in(recommender: Recommender, dataset: Dataset, targets: Targets, config: EvaluationConfig) -> Floats:
    """Rank of every target in the catalog of ``dataset``, ``[targets]``, whatever the model was trained on."""
    return rank(scores_of(recommender, dataset), EvaluationData.of(dataset), targets, config)


def scores_of(recommender: Recommender, dataset: Dataset) -> ScoreAll:
    """The model as full-catalog evaluation over ``dataset`` calls it.

    Items that the model does not know are left out of its histories, and come last in its rankings.
    """
    theirs = translation(recommender, dataset)
    known = theirs != PAD_ID
    length = int(recommender.history.items.shape[1])
    longest = int(np.diff(dataset.sequences.offsets).max(initial=length))
    whole = recommender.history.map(lambda channel: np.empty((0, longest)))
    sequences = dataset.sequences.recoded(recommender.codes)

    def score_all(users: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        history = sequences.histories(users, positions, whole)
        pushed = push_right(history._replace(items=theirs[history.items]))
        scores = recommender.score_all(pushed.map(lambda channel: channel[:, -length:]))
        return np.where(known, scores[:, theirs], np.float32(-np.inf))

    return score_all


def translation(recommender: Recommender, dataset: Dataset) -> npt.NDArray[np.int32]:
    """The model's id of each of the dataset's, ``[table_size] int32``; ``PAD_ID`` for items that it does not know."""
    vocabulary = recommender.dataset.vocabulary
    theirs = np.zeros(dataset.vocabulary.table_size, np.int32)
    encoded = vocabulary.encode(dataset.vocabulary.external_ids)
    encoded[encoded > len(vocabulary)] = PAD_ID  # an out-of-vocabulary bucket is no item to be ranked
    theirs[1 : len(encoded) + 1] = encoded
    return theirs


def push_right(history: History) -> History:
    """Close the holes that unknown items leave, padding on the left.

    ``0 5 0 7`` becomes ``0 0 5 7``.
    """
    order = np.argsort(history.items != PAD_ID, axis=1, kind="stable")
    return history.map(lambda channel: np.take_along_axis(channel, order, axis=1))
