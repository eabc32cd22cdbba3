"""The validation ranks that a candidate and its rivals are held together by. Nothing here reads a test target."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.artifacts.dataset import Dataset
from recsys.config.evaluation import EvaluationConfig
from recsys.core.errors import ConfigError
from recsys.evaluation.evaluate import EvaluationData, targets_of
from recsys.evaluation.significance import Floats
from recsys.experiments.ranks import aligned, read_ranks
from recsys.tracking.models.loader import Recommender
from recsys.tracking.registry.registry import load
from recsys.tracking.registry.rescoring import ranks_in
from recsys.tracking.registry.rivals import Contender
from recsys.tracking.runs import local_file
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
    tables = [read_ranks(local_file(store, run, "run/ranks.parquet", scratch), SPLIT) for _, run in contenders]
    users, ranks = aligned(tables)
    return Ranks(users.astype(np.int64), ranks)
