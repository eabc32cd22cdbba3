"""Runs of a work directory side by side, as MLflow's store has them once all that it lacks was sent."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.core.local_path import place

if TYPE_CHECKING:
    from recsys.config.tracking import TrackingConfig
    from recsys.experiments.comparison import Comparison
    from recsys.experiments.measured_run import MeasuredRun
    from recsys.experiments.pages.curves import Curve
    from recsys.tracking.store.store import Store

CURVES = 8  # learning curves of the best configs; more would not be read


def compare(
    work_dir: Path | str = "work",
    runs: Sequence[str] = (),
    *,
    baseline: str | None = None,
    metric: str = "ndcg@10",
    split: str | None = None,
    where: str = "",
    mixed: bool = False,
    tracking: "TrackingConfig | None" = None,
) -> "Comparison":
    """Group runs that differ in nothing but the seed, order the groups by ``metric`` on validation, and test them.

    Finished runs of ``work_dir`` that the store lacks are sent first.

    Args:
        runs: directories, MLflow ids, names or how digests begin; without any, those that are like the baseline, or
            else like the newest.
        baseline: a run whose config every other one is tested against, paired over users; or a baseline that runs are
            held against, such as ``markov``.
        metric: ``hr@K``, ``ndcg@K`` or ``mrr``.
        split: of what is reported, ``test`` or ``validation``; by default test, or validation where trials of a sweep
            are among them.
        where: a condition in MLflow's search language.
        mixed: compare even across datasets and protocols.
        tracking: the store; by default MLFLOW_TRACKING_URI, or ``mlflow.db`` in ``work_dir``.

    Raises:
        ConfigError: there is no store, a run is unknown, or the runs cannot be compared.
        StoreError: the store is away.
    """
    from recsys.config.tracking import TrackingConfig
    from recsys.core.errors import ConfigError
    from recsys.experiments import comparison as comparing
    from recsys.experiments.measured_run import select
    from recsys.terminal import say
    from recsys.tracking.runs import complete_runs
    from recsys.tracking.store.destination import nothing_in
    from recsys.tracking.upload.sync import sync_work_dir

    tracking, work_dir = tracking or TrackingConfig(), place(work_dir)
    store, known = sync_work_dir(tracking, work_dir)
    if store is None:
        raise ConfigError(nothing_in(tracking, work_dir))
    found = complete_runs(store, where) if where else known
    if runs or mixed:
        chosen = select(found, runs)
    else:
        chosen = comparing.measured_alike(found, baseline)
        if len(chosen) < len(found):
            like = "--baseline" if baseline else "the newest run"
            left_out = len(found) - len(chosen)
            say(f"compare: {left_out} runs on other data or by other protocols than {like} are left out")
    if split is None:
        split = "validation" if any(run.is_trial for run in chosen) else "test"
        if split == "validation":
            say(
                "compare: a sweep's trials are among them, so by validation; --split test is for what is chosen already"
            )
    if baseline is None:
        return comparing.compare(chosen, metric=metric, split=split, mixed=mixed)
    return _paired(store, chosen, baseline, metric, split, mixed)


def _paired(
    store: "Store", runs: "Sequence[MeasuredRun]", baseline: str, metric: str, split: str, mixed: bool
) -> "Comparison":
    """The comparison against ``baseline``; a run whose ranks are gone from the store is left out, and told."""
    from recsys.core.errors import DataError
    from recsys.experiments.comparison import compare
    from recsys.experiments.pairing import named, pair_with
    from recsys.experiments.ranks import read_ranks
    from recsys.terminal import say
    from recsys.tracking.runs import local_path

    # What cannot be compared, and what names no group, is refused before anything is fetched.
    control = named(compare(runs, metric=metric, split=split, mixed=mixed), baseline)
    ranks = {}
    with tempfile.TemporaryDirectory() as scratch:

        def fetch(run: "MeasuredRun", recommender: str | None = None) -> None:
            file = "ranks.parquet" if recommender is None else f"baselines/{recommender}.parquet"
            path = local_path(store, run, f"run/{file}", Path(scratch))
            ranks[run.run_id, recommender] = read_ranks(path, split)

        for run in runs:
            try:
                fetch(run)
            except DataError as error:
                if run in control.runs:
                    raise
                say(f"compare: {run.name} ({run.digest[:8]}) is left out: {error}")
        if control.baseline is not None:
            fetch(control.runs[0], control.baseline)
    kept = [run for run in runs if (run.run_id, None) in ranks]
    comparison = compare(kept, metric=metric, split=split, mixed=mixed)
    return pair_with(comparison, baseline, lambda run, recommender: ranks[run.run_id, recommender])


def learning_curves(
    comparison: "Comparison", work_dir: Path | str = "work", *, tracking: "TrackingConfig | None" = None
) -> "dict[str, Curve]":
    """How each of the best groups learned: the comparison's metric on validation by epoch, over its seeds, by label.

    Raises:
        ConfigError: there is no store.
        StoreError: the store is away.
    """
    from recsys.config.tracking import TrackingConfig
    from recsys.core.errors import ConfigError
    from recsys.experiments.pages.curves import curve_of
    from recsys.tracking.runs import metric_history
    from recsys.tracking.store.destination import nothing_in
    from recsys.tracking.store.store import find_store

    tracking, work_dir = tracking or TrackingConfig(), place(work_dir)
    store = find_store(tracking, work_dir)
    if store is None:
        raise ConfigError(nothing_in(tracking, work_dir))
    metric = f"validation/{comparison.metric}"
    found = {
        group.label: curve_of([metric_history(store, run, metric) for run in group.runs])
        for group in comparison.groups[:CURVES]
    }
    return {label: curve for label, curve in found.items() if curve.epochs}


def describe_comparison(comparison: "Comparison") -> dict[str, Any]:
    """Everything that the tables of ``recsys compare`` say, as its ``--json`` prints it."""
    from recsys.experiments.description import comparison_json

    return comparison_json(comparison)
