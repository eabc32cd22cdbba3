"""Sweeps in MLflow: what of them is filed where, and that the best trial's model alone is kept.

What is tried, stopped and resumed is tests/experiments' matter.
"""

import pytest

from recsys.artifacts.run import Run
from recsys.config import parse_config
from recsys.config.tracking import TrackingConfig
from recsys.experiments.space import parse_dimension
from recsys.experiments.sweep import Plan, sweep
from recsys.experiments.trial import Trial
from recsys.tracking.runs import complete_runs
from recsys.tracking.store.store import open_store
from recsys.tracking.upload.sweep_run import SweepRun
from recsys.tracking.upload.sync import sync, sync_work_dir

MODEL = TrackingConfig(system_metrics=False)
SPACE = [parse_dimension("model.width=8,16,32")]
GRID = Plan("grid", seeds=(1, 2), prune=False)


def search(config, space, plan, work_dir, make_run, subject):
    """``sweep`` with MLflow as its log, as ``recsys sweep`` calls it."""
    return sweep(
        config, space, plan, work_dir, make_run, subject, lambda *about: SweepRun(config.tracking, work_dir, *about)
    )


class Killed(BaseException):
    """As if the process had been killed: nothing may catch it."""


@pytest.fixture
def config(tracking):
    values = {
        "data": {"path": "log.csv"},
        "tracking": tracking.model_dump(),
        "model": {"max_length": 10, "positions": "newest"},
    }
    return parse_config(values)


@pytest.fixture
def training(make_run):
    """A trainer whose quality grows with the width; ``calls`` says what it was asked for."""

    class Training:
        def __init__(self):
            self.calls, self.fails_at = [], {}

        def __call__(self, config, name, callbacks):
            point = (config.model.width, config.training.seed)
            self.calls.append(point)
            if point in self.fails_at:
                raise self.fails_at.pop(point)
            quality = config.model.width / 100
            run = make_run(point[1], width=point[0], quality=quality, finished=False, epochs=0)
            if run.is_finished:
                return run
            for callback in callbacks:
                callback.on_start(run, config)
            for epoch in range(1, 4):
                metrics = {"epoch": epoch, "seconds": 1.0, "validation/ndcg@10": quality * epoch / 3}
                run.log_epoch(metrics)
                for callback in callbacks:
                    callback.on_epoch(run, metrics)
            make_run.finish(run, quality=quality, seed=point[1])
            for callback in callbacks:
                callback.on_end(run)
            return run

    return Training()


def test_trials_are_children_of_one_parent(config, training, work_dir, tracking):
    search(config, SPACE, GRID, work_dir, training, "ring")
    store = open_store(tracking, work_dir)
    runs = store.client.search_runs([store.experiment_id])
    (parent,) = [run for run in runs if "recsys.sweep_digest" in run.data.tags]
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert len(children) == 6
    assert {child.info.status for child in [parent, *children]} == {"FINISHED"}
    assert parent.data.metrics["best/ndcg_at_10"] == pytest.approx(0.32)
    assert parent.data.params["sweep.method"] == "grid"
    assert "model.width=32" in parent.data.tags["mlflow.note.content"]


def test_killed_in_the_middle_it_goes_on_and_trains_nothing_twice(config, training, work_dir, tracking):
    training.fails_at[16, 2] = Killed()
    with pytest.raises(Killed):
        search(config, SPACE, GRID, work_dir, training, "ring")
    training.calls.clear()
    trials = search(config, SPACE, GRID, work_dir, training, "ring")
    assert (8, 1) not in training.calls
    assert sorted(training.calls) == [(16, 1), (16, 2), (32, 1), (32, 2)]  # (16, 1) is found finished by its digest
    assert [trial.score for trial in trials] == pytest.approx([0.32, 0.16, 0.08])
    store = open_store(tracking, work_dir)
    assert len(store.client.search_runs([store.experiment_id])) == 1 + 6


def test_hopeless_trials_are_stopped(config, training, work_dir, tracking):
    """Wide ones first, five of them (the pruner's start), then one that is worse at every epoch."""
    space = [parse_dimension("model.width=64,65,66,67,68,8")]
    trials = search(config, space, Plan("grid", warmup_epochs=0), work_dir, training, "ring")
    (stopped,) = [trial for trial in trials if trial.state == "pruned"]
    assert stopped.values == {"model.width": "8"}
    assert "stopped at epoch 1" in stopped.reason
    store = open_store(tracking, work_dir)
    statuses = [run.info.status for run in store.client.search_runs([store.experiment_id])]
    assert statuses.count("KILLED") == 1


def test_tracking_off_means_no_store(config, training, work_dir):
    (work_dir / "mlflow.db").unlink()
    silent = config.model_copy(update={"tracking": config.tracking.model_copy(update={"enabled": False})})
    assert len(search(silent, SPACE, GRID, work_dir, training, "ring")) == 3
    assert not (work_dir / "mlflow.db").exists()


def swept(make_run, work_dir) -> list[Run]:
    """Three trials of 0.3, 0.6 and 0.4, as a sweep logs them."""
    log = SweepRun(MODEL, work_dir, "5" * 32, ["model.width=8,16,32"], "grid")
    runs, trials = [], []
    for number, (width, quality) in enumerate(((8, 0.3), (16, 0.6), (32, 0.4))):
        run = make_run(width=width, quality=quality, finished=False)
        with log.callback() as watching:
            watching.on_start(run, None)
            make_run.finish(run, quality=quality)
            watching.on_end(run)
        runs.append(run)
        trials.append(Trial(number, "complete", {"model.width": str(width)}, quality, "", (run.digest,)))
        log.update(trials)
    log.finish(trials)
    return runs


def models(store) -> set[str]:
    return {model.tags["recsys.run_digest"] for model in store.client.search_logged_models([store.experiment_id])}


def test_only_the_best_trials_model_is_kept(make_run, work_dir):
    runs = swept(make_run, work_dir)
    store = open_store(MODEL, work_dir)
    assert models(store) == {runs[1].digest}
    kept = {run.digest: run for run in complete_runs(store)}
    assert all(kept[run.digest].is_trial for run in runs)
    assert "recsys.model" not in kept[runs[1].digest].tags
    assert "only the best one's" in kept[runs[0].digest].tags["recsys.model"]
    sync_work_dir(MODEL, work_dir)
    assert models(store) == {runs[1].digest}, "what was left out on purpose is not lacking"


def test_another_trials_model_can_be_sent_later(make_run, work_dir):
    runs = swept(make_run, work_dir)
    run_id = sync(runs[0], MODEL, work_dir)
    store = open_store(MODEL, work_dir)
    assert models(store) == {runs[0].digest, runs[1].digest}
    assert "recsys.model" not in store.client.get_run(run_id).data.tags
    (model,) = store.client.search_logged_models([store.experiment_id], f"source_run_id = '{run_id}'")
    assert {metric.key for metric in model.metrics} >= {"test/ndcg_at_10", "best/ndcg_at_10"}
