"""What was measured of a run after its seal arrives in MLflow, and comparing finds it."""

from pathlib import Path

import pandas as pd

from recsys.artifacts.evaluation import Evaluation
from recsys.artifacts.run import Run
from recsys.config.tracking import TrackingConfig
from recsys.core.artifact import file_hashes
from recsys.core.json_files import write_json
from recsys.core.schema import MANIFEST
from recsys.experiments.ranks import read_ranks
from recsys.tracking.runs import complete_runs, local_path
from recsys.tracking.store.store import open_store
from recsys.tracking.upload.sync import sync_work_dir


def add_evaluation(run: Run) -> Path:
    """HR@50 of the model, and a baseline that the run has not sealed."""
    directory = run.evaluations_dir / "e0"
    (directory / "baselines").mkdir(parents=True)
    pd.DataFrame({"user_id": ["u0"], "target": [1], "rank": [3.0], "split": ["test"]}).to_parquet(
        directory / "baselines" / "ease.parquet"
    )
    found = {"model": {"hr@50": 0.75}, "validation": {"hr@50": 0.8}, "baselines": {"ease": {"hr@50": 0.7}}}
    write_json(directory / "metrics.json", found)
    about = {**Evaluation.heading(), "run": run.digest, "weights": run.weights_digest}
    asked = {"ks": [50], "baselines": ["ease"], "version": 1}
    write_json(directory / MANIFEST, {**about, **asked, "files": file_hashes(directory)})
    return directory


def test_it_is_sent_once_with_its_ranks(make_run, work_dir, tmp_path, capsys) -> None:
    run, tracking = make_run(), TrackingConfig()
    _, (before,) = sync_work_dir(tracking, work_dir)
    assert "test/hr@50" not in before.metrics
    directory = add_evaluation(run)
    _, (after,) = sync_work_dir(tracking, work_dir)
    assert after.run_id == before.run_id, "the run is the same"
    assert after.metrics["test/ndcg@10"] == before.metrics["test/ndcg@10"]
    names = ("test/hr@50", "best/hr@50", "baseline/ease/hr@50")
    assert [after.metrics[name] for name in names] == [0.75, 0.8, 0.7]
    store = open_store(tracking, work_dir)
    assert read_ranks(local_path(store, after, "run/baselines/ease.parquet", tmp_path), "test").num_rows == 1

    history = [point.timestamp for point in store.client.get_metric_history(after.run_id, "test/hr_at_50")]
    _, (again,) = sync_work_dir(tracking, work_dir)
    assert history == [point.timestamp for point in store.client.get_metric_history(again.run_id, "test/hr_at_50")]
    assert "left out" not in capsys.readouterr().err
    whole = (directory / MANIFEST).read_text()
    (directory / MANIFEST).write_text(whole.replace(run.weights_digest, "0" * 64))
    sync_work_dir(tracking, work_dir)
    assert f"{directory} is left out: measured of other weights" in capsys.readouterr().err
    (directory / MANIFEST).write_text(whole)
    (directory / "metrics.json").write_text("{}")
    (directory / MANIFEST).write_text((directory / MANIFEST).read_text() + "\n")
    sync_work_dir(tracking, work_dir)
    assert f"{directory} is left out" in capsys.readouterr().err
    assert complete_runs(store)[0].metrics["test/hr@50"] == 0.75
