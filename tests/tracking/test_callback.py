"""What logs a run while it trains, which the training must not notice."""

import logging
import shutil

import pytest

from recsys.config.tracking import TrackingConfig
from recsys.tracking.store.errors import StoreError
from recsys.tracking.store.store import open_store
from recsys.tracking.upload.callback import MlflowCallback
from recsys.tracking.upload.sync import sync
from recsys.tracking.upload.uploader import Uploader


def test_what_the_callback_sends_is_what_sync_would(make_run, work_dir, tracking):
    run = make_run(finished=False, epochs=0)
    callback = MlflowCallback(tracking, work_dir)
    callback.on_start(run, None)
    for epoch in range(1, 4):
        run.log_epoch({"epoch": epoch, "seconds": 1.5, "loss": 1.0 / epoch})
        callback.on_epoch(run, {"loss": 1.0 / epoch})
    make_run.finish(run)
    callback.on_end(run)
    client = open_store(tracking, work_dir).client
    sent = client.get_run(callback.run_id)
    assert sent.info.status == "FINISHED"
    assert [point.value for point in client.get_metric_history(callback.run_id, "loss")] == [1.0, 0.5, 1.0 / 3]
    assert sync(run, tracking, work_dir) == callback.run_id


def test_a_store_away_for_good_costs_patience_and_nothing_else(make_run, work_dir, caplog):
    away = TrackingConfig(uri="http://127.0.0.1:9", system_metrics=False, log_model=False)
    run = make_run(finished=False, epochs=1)
    callback = MlflowCallback(away, work_dir, patience=0.1)
    with caplog.at_level(logging.WARNING):
        callback.on_start(run, None)
        callback.on_epoch(run, {})
        make_run.finish(run)
        callback.on_end(run)
    assert callback.run_id is None
    assert "recsys compare sends the rest" in caplog.text
    run.verify()


def test_a_store_that_comes_back_gets_everything(make_run, work_dir, tracking):
    """The first three uploads fail, one of them after the store has taken it; nothing is missing in the end."""
    failures = iter(["refused", "reset", "refused"])

    class Unreliable(Uploader):
        def send(self, samples=(), *, killed=False):
            kind = next(failures, "")
            if kind != "refused":
                sent = super().send(samples, killed=killed)
            if kind:
                raise StoreError(f"connection {kind}")
            return sent

    run = make_run(finished=False, epochs=2)
    callback = MlflowCallback(tracking, work_dir, uploader=Unreliable)
    callback.on_start(run, None)
    callback.on_epoch(run, {})
    make_run.finish(run)
    callback.on_end(run)
    client = open_store(tracking, work_dir).client
    assert client.get_run(callback.run_id).info.status == "FINISHED"
    assert [point.step for point in client.get_metric_history(callback.run_id, "loss")] == [1, 2]


def test_samples_of_the_machine_survive_an_absence(make_run, work_dir):
    tracking = TrackingConfig(log_model=False)
    refused = []

    class OnceAway(Uploader):
        def send(self, samples=(), *, killed=False):
            if not refused:
                refused.append(len(list(samples)))
                raise StoreError("away")
            return super().send(samples, killed=killed)

    run = make_run(finished=False, epochs=1)
    callback = MlflowCallback(tracking, work_dir, uploader=OnceAway)
    callback.on_start(run, None)
    while not refused:
        pass
    make_run.finish(run)
    callback.on_end(run)
    assert refused[0] > 0
    metrics = open_store(tracking, work_dir).client.get_run(callback.run_id).data.metrics
    assert metrics["system/cpu_utilization_percentage"] >= 0


def test_disabled_means_no_store_at_all(make_run, work_dir):
    (work_dir / "mlflow.db").unlink()
    run = make_run(finished=False)
    callback = MlflowCallback(TrackingConfig(enabled=False), work_dir)
    callback.on_start(run, None)
    callback.on_epoch(run, {})
    callback.on_end(run)
    assert not (work_dir / "mlflow.db").exists()


def test_the_default_store_is_made_in_the_work_directory(tmp_path, tracking):
    work_dir = tmp_path / "new"
    store = open_store(tracking, work_dir)
    assert (work_dir / "mlflow.db").exists()
    assert store.client.get_experiment(store.experiment_id).artifact_location == (work_dir / "mlartifacts").as_uri()


def test_a_dataset_that_is_gone_costs_the_model_alone(make_run, work_dir, capsys):
    tracking = TrackingConfig(system_metrics=False)
    run = make_run(finished=False, epochs=1)
    shutil.rmtree(work_dir / "datasets")
    callback = MlflowCallback(tracking, work_dir)
    callback.on_start(run, None)
    make_run.finish(run)
    callback.on_end(run)
    assert "without its model" in capsys.readouterr().err
    sent = open_store(tracking, work_dir).client.get_run(callback.run_id)
    assert sent.info.status == "FINISHED"
    assert "holds no dataset" in sent.data.tags["recsys.model"]
    assert sent.inputs.dataset_inputs[0].dataset.digest == run.manifest.dataset_digest


def test_a_training_broken_off_is_killed_in_the_store_until_it_goes_on(make_run, work_dir, tracking):
    run = make_run(finished=False, epochs=1)
    callback = MlflowCallback(tracking, work_dir)

    def broken_off() -> None:
        with callback:
            callback.on_start(run, None)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    client = open_store(tracking, work_dir).client
    assert client.get_run(callback.run_id).info.status == "KILLED"
    assert len(client.get_metric_history(callback.run_id, "loss")) == 1
    with MlflowCallback(tracking, work_dir) as again:
        again.on_start(run, None)
        make_run.finish(run)
        again.on_end(run)
    assert again.run_id == callback.run_id
    assert client.get_run(callback.run_id).info.status == "FINISHED"
