"""What a finished run reached, by any cut-offs and beside any baselines: neither makes another run.

A run seals each target's rank with what it measured. So other cut-offs are read off those, and only a baseline that
the run has not sealed is ranked, once, and kept in the run's ``evaluations/``. No model is asked again.
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
from recsys.core.publishing import is_published, publish
from recsys.core.schema import MANIFEST, USER
from recsys.evaluation.evaluate import EvaluationData, Evaluator
from recsys.evaluation.lists import DESCRIPTIONS
from recsys.evaluation.metrics import summarize
from recsys.evaluation.segments import summarize_segments

# Part of an evaluation's name: raise it when the same ranks would give other figures.
EVALUATION_VERSION = 1
SPLITS = ("validation", "test")

Metrics = dict[str, float]


def figures(
    model: dict[str, Metrics], baselines: dict[str, dict[str, Metrics]], ranks: pd.DataFrame, epochs: dict[str, int]
) -> dict[str, Any]:
    """What ``metrics.json`` holds beside what is known of the run.

    Args:
        model: metrics by split; ``baselines`` the same of each by its name.
        ranks: the model's, of both splits.
        epochs: the one that validation chose, and how many were run.
    """
    test = ranks[ranks["split"] == "test"]
    return {
        "split": "test",
        "counted": {split: _counted(ranks[ranks["split"] == split]) for split in SPLITS},
        "model": model["test"],
        "baselines": {name: found["test"] for name, found in baselines.items()},
        "segments": summarize_segments(test, (10,)),
        "validation": model["validation"],
        "validation_baselines": {name: found["validation"] for name, found in baselines.items()},
        "epochs": epochs,
    }


def of_split(metrics: dict[str, Any], split: str) -> dict[str, Any]:
    """The figures of one split out of ``metrics.json``: ``model`` and ``baselines`` are those of ``split``."""
    known = {name: metrics[name] for name in ("protocol", "dataset_digest", "seed")} | metrics["counted"][split]
    if split == "test":
        return {**known, "split": split, "model": metrics["model"], "baselines": metrics["baselines"]}
    return {**known, "split": split, "model": metrics["validation"], "baselines": metrics["validation_baselines"]}


def _counted(ranks: pd.DataFrame) -> dict[str, int]:
    return {"targets": len(ranks), "users": int(ranks[USER].nunique())}


def report(run: Run, dataset: Dataset, settings: EvaluationConfig) -> Outcome[dict[str, Any]]:
    """The figures of a finished run, as ``metrics.json`` has them, by ``settings``; kept where it had not sealed them.

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
    if {*settings.ks} <= {*sealed.ks} and {*settings.baselines} <= {*sealed.baselines}:
        return Outcome(_narrowed(run.metrics, settings), reused=True)
    asked = {"ks": sorted(settings.ks), "baselines": sorted(settings.baselines), "version": EVALUATION_VERSION}
    kept = Evaluation(run.evaluations_dir / digest(asked))
    if is_published(kept.path) and kept.verify().manifest.weights == run.weights_digest:
        return Outcome(kept.metrics, reused=True)
    dataset.verify()
    check_trained_on(run, dataset)
    with publish(kept.path, overwrite=True) as aside:
        write_json(aside / kept.metrics_file.name, _measure(run, dataset, settings, aside / kept.baselines_dir.name))
        about = {**Evaluation.heading(), "run": run.digest, "weights": run.weights_digest}
        write_json(aside / MANIFEST, {**about, **asked, "files": file_hashes(aside)})
    return Outcome(kept.metrics, reused=False)


def _measure(run: Run, dataset: Dataset, settings: EvaluationConfig, baselines_dir: Path) -> dict[str, Any]:
    """The figures by ``settings``; the ranks of baselines that the run has not sealed go to ``baselines_dir``."""
    sealed = run.metrics
    ranks = pd.read_parquet(run.ranks_file)
    model = {split: _by(settings, ranks, of_split(sealed, split)["model"], split) for split in SPLITS}
    baselines: dict[str, dict[str, Metrics]] = {}
    for name in settings.baselines:
        if name in sealed["baselines"]:
            own = pd.read_parquet(run.baselines_dir / f"{name}.parquet")
            before = {split: of_split(sealed, split)["baselines"][name] for split in SPLITS}
            baselines[name] = {split: _by(settings, own, before[split], split) for split in SPLITS}
    missing = [name for name in settings.baselines if name not in baselines]
    if missing:
        data, refit = EvaluationData.of(dataset), run.manifest.is_refit
        evaluators = {split: Evaluator(data, split, settings, refit=refit) for split in SPLITS}
        baselines |= evaluate_baselines(missing, evaluators, baselines_dir)
    ordered: dict[str, dict[str, Metrics]] = {name: baselines[name] for name in settings.baselines}
    about = {name: sealed[name] for name in ("protocol", "dataset_digest", "seed")}
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
        ranks[[USER, "target", "rank", "split"]].to_parquet(directory / f"{name}.parquet", index=False)
        found[name] = {split: one.metrics for split, one in evaluated.items()}
    return found


def _by(settings: EvaluationConfig, ranks: pd.DataFrame, before: Metrics, split: str) -> Metrics:
    """The metrics of ``split`` by other cut-offs than ``before``; what was told of the lists stays."""
    of_lists = {name: value for name, value in before.items() if _tells_of_lists(name)}
    return {**summarize(ranks.loc[ranks["split"] == split, "rank"].to_numpy(), settings.ks), **of_lists}


def _narrowed(metrics: dict[str, Any], settings: EvaluationConfig) -> dict[str, Any]:
    """Sealed figures, of the cut-offs and baselines asked for alone: what else was measured changes no answer."""
    asked_for = {*summarize(np.ones(1), settings.ks)}

    def narrow(values: Metrics) -> Metrics:
        return {name: value for name, value in values.items() if name in asked_for or _tells_of_lists(name)}

    narrowed: dict[str, Any] = {key: narrow(metrics[key]) for key in ("model", "validation")}
    for key in ("baselines", "validation_baselines"):
        narrowed[key] = {name: narrow(metrics[key][name]) for name in settings.baselines}
    return {**metrics, **narrowed}


def _tells_of_lists(name: str) -> bool:
    return name.partition("@")[0] in DESCRIPTIONS
