"""Runs of a work directory side by side, as MLflow's store has them once all that it lacks was sent."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recsys.config.tracking import TrackingConfig
    from recsys.experiments.charts import Curve
    from recsys.experiments.comparison import Comparison
    from recsys.experiments.measured_run import MeasuredRun
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
    """Group runs that differ in nothing but the seed, order the groups by ``metric``, and test them.

    Finished runs of ``work_dir`` that the store lacks are sent first.

    Args:
        runs: directories, MLflow ids, names or how digests begin; without any, those that are like the baseline, or
            else like the newest.
        baseline: a run whose config every other one is tested against, paired over users.
        metric: ``hr@K``, ``ndcg@K`` or ``mrr``.
        split: ``test`` or ``validation``; by default test, or validation where trials of a sweep are among them.
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

    tracking, work_dir = tracking or TrackingConfig(), Path(work_dir)
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
    from recsys.experiments.comparison import compare, pair_with
    from recsys.experiments.ranks import read_ranks
    from recsys.terminal import say
    from recsys.tracking.runs import local_file

    compare(runs, metric=metric, split=split, mixed=mixed)  # what cannot be compared is refused before it is fetched
    ranks = {}
    with tempfile.TemporaryDirectory() as scratch:
        for run in runs:
            try:
                ranks[run.run_id] = read_ranks(local_file(store, run, "run/ranks.parquet", Path(scratch)), split)
            except DataError as error:
                if run.matches(baseline):
                    raise
                say(f"compare: {run.name} ({run.digest[:8]}) is left out: {error}")
    kept = [run for run in runs if run.run_id in ranks]
    comparison = compare(kept, metric=metric, split=split, mixed=mixed)
    return pair_with(comparison, baseline, lambda run: ranks[run.run_id])


def learning_curves(
    comparison: "Comparison", work_dir: Path | str = "work", *, tracking: "TrackingConfig | None" = None
) -> "dict[str, Curve]":
    """Epochs and validation values of the comparison's metric, by label, for the first run of each of the best groups.

    Raises:
        ConfigError: there is no store.
        StoreError: the store is away.
    """
    from recsys.config.tracking import TrackingConfig
    from recsys.core.errors import ConfigError
    from recsys.tracking.runs import metric_history
    from recsys.tracking.store.destination import nothing_in
    from recsys.tracking.store.store import find_store

    tracking, work_dir = tracking or TrackingConfig(), Path(work_dir)
    store = find_store(tracking, work_dir)
    if store is None:
        raise ConfigError(nothing_in(tracking, work_dir))
    groups = comparison.groups[:CURVES]
    found = {one.label: metric_history(store, one.runs[0], f"validation/{comparison.metric}") for one in groups}
    return {label: curve for label, curve in found.items() if curve[0]}


def describe_comparison(comparison: "Comparison") -> dict[str, Any]:
    """Everything that the tables of ``recsys compare`` say, as its ``--json`` prints it."""
    from recsys.experiments.report import as_json

    return as_json(comparison)
