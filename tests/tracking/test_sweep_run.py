"""A sweep's trials in MLflow: filed below it, and of their models the best one's alone."""

from recsys.artifacts.run import Run
from recsys.config.tracking import TrackingConfig
from recsys.experiments.trial import Trial
from recsys.tracking.runs import complete_runs
from recsys.tracking.store.store import open_store
from recsys.tracking.upload.sweep_run import SweepRun
from recsys.tracking.upload.sync import sync, sync_work_dir

MODEL = TrackingConfig(system_metrics=False)


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
