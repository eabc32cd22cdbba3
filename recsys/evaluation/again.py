"""A finished run's model at its targets once more: what it reaches today, and the lists that it gives."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from recsys.artifacts.compatibility import check_trained_on
from recsys.artifacts.dataset import Dataset
from recsys.artifacts.list_column import lists
from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.config.evaluation import EvaluationConfig
from recsys.core.errors import ArtifactError
from recsys.core.schema import USER
from recsys.evaluation.evaluate import EvaluationData, Evaluator, Targets, rank, require_targets
from recsys.evaluation.ranking import top_items
from recsys.evaluation.reporting import ABOUT
from recsys.evaluation.scorer import scorer
from recsys.models.loading import load_run
from recsys.sequences.ranges import flat_ranges

HISTORY = 50  # items before a target that its list shows


def rank_again(run: Run, dataset: Dataset, split: str, settings: EvaluationConfig) -> dict[str, Any]:
    """The figures of ``split``, with the keys that ``of_split`` gives, by the run's model and ``dataset``.

    Raises:
        ArtifactError: the run is not finished or damaged, or has seen the validation events.
    """
    _check_unseen(run, split)
    data = EvaluationData.of(dataset)
    evaluator = Evaluator(data, split, settings, refit=run.manifest.is_refit)
    metrics, ranks = evaluator(scorer(load_run(run), data.sequences))
    return {
        **{key: run.metrics[key] for key in ABOUT},
        "split": split,
        "targets": len(ranks),
        "users": int(ranks[USER].nunique()),
        "model": metrics,
        "baselines": {name: evaluator.baseline(name).metrics for name in settings.baselines},
    }


def top_lists(runs: Sequence[Run], dataset: Dataset, split: str, k: int) -> pa.Table:
    """The ``k`` best items that each run would have shown at the moment of each target of ``split``.

    A row a target and run: ``run`` and ``seed``, ``split``, ``user_id``, ``target`` and its ``timestamp`` (milliseconds
    since 1970) and ``rank`` in the catalog, ``history`` (at most ``HISTORY`` items before it, oldest first), ``items``
    (best first) and their ``scores``. Items are the log's own ids.

    Raises:
        ArtifactError: a run is not finished or damaged, was trained on another dataset, or has seen the targets.
        DataError: the split has no target.
    """
    targets = require_targets(EvaluationData.of(dataset), split)
    return pa.concat_tables([_lists(run, dataset, targets, k) for run in runs])


def _lists(run: Run, dataset: Dataset, targets: Targets, k: int) -> pa.Table:
    check_trained_on(run, dataset)
    _check_unseen(run, targets.split)
    parts: list[tuple[Any, Any]] = []
    settings = recorded(EvaluationConfig, run, "evaluation")
    data = EvaluationData.of(dataset)
    score_all = scorer(load_run(run), data.sequences)
    ranks = rank(score_all, data, targets, settings, lambda scores, _: parts.append(top_items(scores, k)))
    ids, scores = (np.concatenate(part) for part in zip(*parts, strict=True))
    shown, count, sequences = np.isfinite(scores), len(ranks), dataset.sequences
    starts = np.maximum(targets.positions - HISTORY, sequences.offsets[targets.users])
    _, before = flat_ranges(starts, targets.positions)
    names = pa.array([None, *dataset.vocabulary.external_ids], pa.string())
    known = len(dataset.vocabulary)

    def named(items: Any) -> pa.Array:
        return names.take(pa.array(np.where(items <= known, items, 0)))  # an OOV bucket has no name

    return pa.table(
        {
            "run": pa.repeat(run.digest, count),
            "seed": pa.repeat(run.manifest.seed, count),
            "split": pa.repeat(targets.split, count),
            USER: pa.array(sequences.users[targets.users], pa.string()),
            "target": named(sequences.items[targets.positions]),
            "timestamp": pa.array(sequences.timestamps[targets.positions]),
            "rank": pa.array(ranks),
            "history": lists(targets.positions - starts, named(sequences.items[before])),
            "items": lists(shown.sum(axis=1), named(ids[shown])),
            "scores": lists(shown.sum(axis=1), pa.array(scores[shown])),
        }
    )


def _check_unseen(run: Run, split: str) -> None:
    if split == "validation" and run.manifest.is_refit:
        raise ArtifactError(f"{run.path}: its refit has seen the validation events; only the split test is fair")
