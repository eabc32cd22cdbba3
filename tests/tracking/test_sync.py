"""A run directory's way into MLflow: complete, idempotent, and patient."""

import json

import pytest
from mlflow import MlflowClient

from recsys.config.tracking import TrackingConfig
from recsys.core.digests import sha256_file
from recsys.tracking.runs import complete_runs
from recsys.tracking.store.errors import StoreError
from recsys.tracking.store.store import open_store
from recsys.tracking.upload.bundles import send_bundles
from recsys.tracking.upload.sync import sync, sync_if_possible, sync_work_dir, unsent


def test_a_finished_run_arrives_whole(make_run, work_dir, tracking):
    run = make_run(seed=3, quality=0.5)
    run_id = sync(run, tracking, work_dir)
    client = open_store(tracking, work_dir).client
    sent = client.get_run(run_id)
    assert sent.info.status == "FINISHED"
    assert sent.info.run_name == "toy"
    assert sent.info.end_time - sent.info.start_time == 60_000
    assert sent.data.params["model.width"] == "8"
    assert sent.data.params["training.seed"] == "3"
    assert sent.data.params["data.columns.user"] == "user_id"
    assert sent.data.tags["recsys.run_digest"] == run.digest
    assert sent.data.tags["recsys.protocol"] == "leave_one_out"
    assert sent.data.metrics["test/ndcg_at_10"] == run.metrics["model"]["ndcg@10"]
    assert sent.data.metrics["best/ndcg_at_10"] == 0.5
    assert sent.data.metrics["baseline/popularity/hr_at_10"] == 0.1
    assert sent.data.metrics["cost/wall_seconds"] == 60
    assert sent.data.metrics["segment/history_length/0-9/ndcg_at_10"] == 0.5
    for dataset in sent.inputs.dataset_inputs:
        assert dataset.dataset.digest == run.manifest.dataset_digest
        assert '"written": 90' in dataset.dataset.profile
    history = client.get_metric_history(run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(1, 2.0), (2, 1.0), (3, 2.0 / 3)]
    files = {file.path for file in client.list_artifacts(run_id, "run")}
    assert files == {
        f"run/{name}"
        for name in (
            "manifest.json",
            "config.json",
            "history.jsonl",
            "metrics.json",
            "ranks.parquet",
            "environment.txt",
        )
    }


def test_sending_again_changes_nothing(make_run, work_dir, tracking):
    run = make_run()
    first = sync(run, tracking, work_dir)
    client = open_store(tracking, work_dir).client
    before = client.get_run(first)
    assert sync(run, tracking, work_dir) == first
    after = client.get_run(first)
    assert (after.data.metrics, after.data.tags, after.info.status) == (
        before.data.metrics,
        before.data.tags,
        "FINISHED",
    )
    assert len(client.get_metric_history(first, "loss")) == 3
    assert len(client.search_runs([after.info.experiment_id])) == 1


def test_a_run_sent_half_way_goes_on_in_the_same_place(make_run, work_dir, tracking):
    run = make_run(finished=False, epochs=2)
    first = sync(run, tracking, work_dir)
    client = open_store(tracking, work_dir).client
    assert client.get_run(first).info.status == "RUNNING"
    run.log_epoch({"epoch": 3, "seconds": 1.5, "loss": 0.1})
    assert sync(run, tracking, work_dir) == first
    assert [point.step for point in client.get_metric_history(first, "loss")] == [1, 2, 3]


def test_unsent_finds_what_the_store_lacks(make_run, work_dir, tracking):
    here, there, unfinished = make_run(seed=1), make_run(seed=2), make_run(seed=3, finished=False)
    sync(here, tracking, work_dir)
    sync(unfinished, tracking, work_dir)
    store = open_store(tracking, work_dir)
    assert [run.digest for run in unsent(work_dir / "runs", complete_runs(store))] == [there.digest]


def test_what_was_to_stay_here_is_never_offered(make_run, work_dir, tracking):
    quiet = make_run(seed=1)
    config = json.loads(quiet.config_file.read_text())
    quiet.config_file.write_text(json.dumps({**config, "tracking": {**config["tracking"], "enabled": False}}))
    assert list(unsent(work_dir / "runs", [])) == []


def test_a_run_that_was_trained_again_replaces_the_stored_one(make_run, work_dir, tracking):
    run = make_run(seed=1, quality=0.2)
    first = sync(run, tracking, work_dir)
    make_run.finish(run, quality=0.6, seed=1)
    _, (stored,) = sync_work_dir(tracking, work_dir)
    assert stored.run_id != first
    assert stored.digest == run.digest
    assert stored.metrics["test/ndcg@10"] == run.metrics["model"]["ndcg@10"]


def test_a_store_that_is_away_is_an_error_that_names_it(make_run, work_dir):
    away = TrackingConfig(uri="http://127.0.0.1:9", log_model=False)
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9"):
        sync(make_run(), away, work_dir)


def test_a_deleted_experiment_says_how_to_restore_it(work_dir, tracking):
    store = open_store(tracking, work_dir)
    MlflowClient(store.uri).delete_experiment(store.experiment_id)
    with pytest.raises(StoreError, match="restore --experiment-id"):
        open_store(tracking, work_dir)


def test_what_cannot_be_sent_is_told_and_ends_nothing(make_run, work_dir, capsys):
    run = make_run()
    sync_if_possible(run, TrackingConfig(uri="http://127.0.0.1:9"), work_dir)
    assert "recsys compare sends it later" in capsys.readouterr().err
    sync_if_possible(run, TrackingConfig(enabled=False, uri="http://127.0.0.1:9"), work_dir)
    assert capsys.readouterr().err == ""


def test_bundles_are_sent_beside_their_run_once(trained, work_dir):
    tracking = TrackingConfig()
    run = trained(knows=True)
    _, (stored,) = sync_work_dir(tracking, work_dir)
    assert stored.metrics["bundle/float32/bytes"] > 1000
    assert stored.metrics["bundle/float32/test/ndcg@10"] > 0.9
    store = open_store(tracking, work_dir)
    assert {file.path for file in store.client.list_artifacts(stored.run_id, "bundle/float32")} >= {
        "bundle/float32/model.tflite",
        "bundle/float32/manifest.json",
    }
    assert send_bundles(store, [stored], work_dir) == 0
    assert stored.digest == run.digest
    # The same model under another policy is another bundle.
    (manifest,) = (work_dir / "bundles").glob("*/float32/manifest.json")
    value = json.loads(manifest.read_text())
    (manifest.parent / "policy.json").write_text('{"version": 1, "rules": []}')
    value["files"]["policy.json"] = sha256_file(manifest.parent / "policy.json")
    manifest.write_text(json.dumps(value))
    assert send_bundles(store, [stored], work_dir) == 1
    assert "bundle/float32/policy.json" in {
        file.path for file in store.client.list_artifacts(stored.run_id, "bundle/float32")
    }
