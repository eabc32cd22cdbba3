"""What a finished run reached, by any cut-offs and beside any baselines: neither makes another run.

A run seals each target's rank with what it measured. So other cut-offs are read off those, and what it has not sealed,
a baseline or the test of a run that was only to be chosen from, is ranked once and kept in the run's ``evaluations/``.
No model is asked twice.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.artifacts.compatibility import check_trained_on
from recsys.artifacts.dataset import Dataset
from recsys.artifacts.evaluation import Evaluation
from recsys.artifacts.outcome import Outcome
from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.config.evaluation import EvaluationConfig
from recsys.core.artifact import file_hashes
from recsys.core.digests import digest
from recsys.core.errors import ConfigError
from recsys.core.json_files import write_json
from recsys.core.schema import MANIFEST, USER
from recsys.evaluation.cold_ranks import COLD_COLUMNS
from recsys.evaluation.evaluate import EvaluationData, Evaluator
from recsys.evaluation.lists import DESCRIPTIONS
from recsys.evaluation.metrics import summarize
from recsys.evaluation.segments import summarize_segments
from recsys.storage.publishing import is_published, publish

# Part of an evaluation's name: raise it when the same ranks would give other figures.
EVALUATION_VERSION = 2
ABOUT = ("protocol", "request_time", "dataset_digest", "seed")  # of a run, beside its figures
SPLITS = ("validation", "test")
# What ``metrics.json`` calls the figures of a split: the model's, and those of the baselines.
_KEYS = {"validation": ("validation", "validation_baselines"), "test": ("model", "baselines")}

Metrics = dict[str, float]


def figures(
    model: dict[str, Metrics], baselines: dict[str, dict[str, Metrics]], ranks: pd.DataFrame, epochs: dict[str, int]
) -> dict[str, Any]:
    """What ``metrics.json`` holds beside what is known of the run.

    Args:
        model: metrics by split, without the test where it was not read; ``baselines`` the same of each by its name.
        ranks: the model's, of the same splits.
        epochs: the one that validation chose, and how many were run.
    """
    by_split = {split: ranks[ranks["split"] == split] for split in model}
    counted = {split: {"targets": len(own), "users": int(own[USER].nunique())} for split, own in by_split.items()}
    found = {"split": "validation", "counted": counted, "epochs": epochs}
    for split, reached in model.items():
        ours, theirs = _KEYS[split]
        found |= {ours: reached, theirs: {name: one[split] for name, one in baselines.items()}}
    if "test" in model:
        found |= {"split": "test", "segments": summarize_segments(by_split["test"], (10,))}
    return found


def of_split(metrics: dict[str, Any], split: str) -> dict[str, Any]:
    """The figures of one split, which was read, of ``metrics.json``: ``model`` and ``baselines`` are those of it."""
    known = {name: metrics[name] for name in ABOUT} | metrics["counted"][split]
    model, baselines = _KEYS[split]
    return {**known, "split": split, "model": metrics[model], "baselines": metrics[baselines]}


def report(
    run: Run, dataset: Dataset, settings: EvaluationConfig, splits: Sequence[str] = SPLITS
) -> Outcome[dict[str, Any]]:
    """The figures of a finished run, as ``metrics.json`` has them, by ``settings``; kept where it had not sealed them.

    Args:
        splits: what is wanted; without ``test`` it is not read.

    Raises:
        ArtifactError: the run is not finished or damaged, or was trained on another dataset.
        ConfigError: the run has chosen its epoch by other rankings, with or without what was seen.
    """
    run.verify()
    sealed = recorded(EvaluationConfig, run, "evaluation")
    if settings.filter_seen != sealed.filter_seen:
        raise ConfigError(
            f"evaluation.filter_seen is {settings.filter_seen} here and {sealed.filter_seen} in {run.path}, whose "
            "epoch was chosen so; train again"
        )
    known = run.measured
    is_current = isinstance(known, Run) or known.manifest.version == EVALUATION_VERSION
    if is_current and _holds(known.metrics, settings, splits):
        return Outcome(_narrowed(known.metrics, settings), reused=True)
    wanted = settings
    if not {*splits} <= {*known.metrics["counted"]}:  # a test is read once: by all that the run was sealed with, too
        names = dict.fromkeys((*sealed.baselines, *settings.baselines))
        wanted = settings.model_copy(
            update={"ks": tuple(sorted({*sealed.ks, *settings.ks})), "baselines": tuple(names)}
        )
    asked = {"ks": sorted(wanted.ks), "baselines": sorted(wanted.baselines), "version": EVALUATION_VERSION}
    kept = Evaluation(run.evaluations_dir / digest(asked))
    is_ours = is_published(kept.path) and kept.verify().manifest.weights == run.weights_digest
    if is_ours and _holds(kept.metrics, wanted, splits):
        return Outcome(_narrowed(kept.metrics, settings), reused=True)
    dataset.verify()
    check_trained_on(run, dataset)
    with publish(kept.path, overwrite=True) as aside:
        write_json(aside / kept.metrics_file.name, _measure(run, dataset, wanted, splits, Evaluation(aside)))
        about = {**Evaluation.heading(), "run": run.digest, "weights": run.weights_digest}
        write_json(aside / MANIFEST, {**about, **asked, "files": file_hashes(aside)})
    return Outcome(_narrowed(kept.metrics, settings), reused=False)


def _measure(
    run: Run, dataset: Dataset, settings: EvaluationConfig, splits: Sequence[str], into: Evaluation
) -> dict[str, Any]:
    """The figures by ``settings``; the ranks of what was not known before go to the files of ``into``."""
    known = run.measured
    sealed, ranks = known.metrics, pd.read_parquet(known.ranks_file)
    read = [split for split in SPLITS if split in sealed["counted"]]
    model = {split: _by(settings, ranks, of_split(sealed, split)["model"], split) for split in read}
    baselines: dict[str, dict[str, Metrics]] = {}
    unread = [split for split in splits if split not in read]
    for name in [] if unread else settings.baselines:
        if name in sealed["validation_baselines"]:
            own = pd.read_parquet(known.baselines_dir / f"{name}.parquet")
            baselines[name] = {
                split: _by(settings, own, of_split(sealed, split)["baselines"][name], split) for split in read
            }
    missing = [name for name in settings.baselines if name not in baselines]
    if missing or unread:
        data, refit = EvaluationData.of(dataset), run.manifest.is_refit
        evaluators = {split: Evaluator(data, split, settings, refit=refit) for split in (*read, *unread)}
        baselines |= evaluate_baselines(missing, evaluators, into.baselines_dir)
    if unread:
        from recsys.evaluation.scorer import scorer
        from recsys.models.loading import load_run

        found = {split: evaluators[split](scorer(load_run(run), data.sequences)) for split in unread}
        model |= {split: one.metrics for split, one in found.items()}
        ranks = pd.concat([ranks, *(one.ranks for one in found.values())])
        ranks.to_parquet(into.ranks_file, index=False)
    ordered: dict[str, dict[str, Metrics]] = {name: baselines[name] for name in settings.baselines}
    about = {name: sealed[name] for name in ABOUT}
    return {**about, **figures(model, ordered, ranks, sealed["epochs"])}


def evaluate_baselines(
    names: Sequence[str], evaluators: dict[str, Evaluator], directory: Path
) -> dict[str, dict[str, Metrics]]:
    """The metrics of each baseline by split; its ranks go to ``directory/NAME.parquet``."""
    directory.mkdir(exist_ok=True)
    found = {}
    for name in names:
        evaluated = {split: evaluator.baseline(name) for split, evaluator in evaluators.items()}
        ranks = pd.concat([one.ranks for one in evaluated.values()])
        kept = [name for name in (USER, "target", "rank", *COLD_COLUMNS, "split") if name in ranks]
        ranks[kept].to_parquet(directory / f"{name}.parquet", index=False)
        found[name] = {split: one.metrics for split, one in evaluated.items()}
    return found


def _by(settings: EvaluationConfig, ranks: pd.DataFrame, before: Metrics, split: str) -> Metrics:
    """The metrics of ``split`` by other cut-offs than ``before``; what was told of the lists stays."""
    of_lists = {name: value for name, value in before.items() if _tells_of_lists(name)}
    return {**summarize(ranks.loc[ranks["split"] == split, "rank"].to_numpy(), settings.ks), **of_lists}


def _holds(metrics: dict[str, Any], settings: EvaluationConfig, splits: Sequence[str]) -> bool:
    """Whether ``metrics`` have all cut-offs and baselines of ``settings``, of each of ``splits``."""
    wanted = {*summarize(np.ones(1), settings.ks)}
    return (
        {*splits} <= {*metrics["counted"]}
        and wanted <= {*metrics["validation"]}
        and {*settings.baselines} <= {*metrics["validation_baselines"]}
    )


def _narrowed(metrics: dict[str, Any], settings: EvaluationConfig) -> dict[str, Any]:
    """Sealed figures, of the cut-offs and baselines asked for alone: what else was measured changes no answer."""
    asked_for = {*summarize(np.ones(1), settings.ks)}

    def narrow(values: Metrics) -> Metrics:
        return {name: value for name, value in values.items() if name in asked_for or _tells_of_lists(name)}

    narrowed = {**metrics}
    for model, baselines in _KEYS.values():
        if model in metrics:
            theirs = {name: narrow(metrics[baselines][name]) for name in settings.baselines}
            narrowed |= {model: narrow(metrics[model]), baselines: theirs}
    return narrowed


def _tells_of_lists(name: str) -> bool:
    return name.partition("@")[0] in DESCRIPTIONS
