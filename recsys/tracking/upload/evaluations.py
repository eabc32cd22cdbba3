"""Further evaluations in MLflow: what was measured of a run after its seal, its test perhaps, beside what it sealed."""

from collections.abc import Sequence
from pathlib import Path

from recsys.artifacts.evaluation import Evaluation
from recsys.artifacts.run import Run
from recsys.core.digests import sha256_file
from recsys.core.errors import ArtifactError
from recsys.core.schema import MANIFEST, RUNS_DIR
from recsys.experiments.measured_run import MeasuredRun, numbers, reached
from recsys.terminal import say
from recsys.tracking.models.model import logged_models
from recsys.tracking.store.errors import store_errors
from recsys.tracking.store.store import Store
from recsys.tracking.upload import record
from recsys.tracking.upload.finished_run import FILES_DIR
from recsys.tracking.upload.points import Point, log_model_points, log_points
from recsys.tracking.upload.seeds import update_seed_run

_TAG = "recsys.evaluation."  # with the evaluation's name: SHA-256 of the manifest that the store has


def send_evaluations(store: Store, runs: Sequence[MeasuredRun], work_dir: Path) -> int:
    """Send the evaluations of ``runs`` that the store lacks; returns how many. A damaged one is told."""
    sent = 0
    for run in runs:
        here = Run(work_dir / RUNS_DIR / run.digest)
        for evaluation in here.evaluations:
            seal = sha256_file(evaluation.path / MANIFEST)
            if run.tags.get(_TAG + evaluation.path.name) == seal:
                continue
            try:
                if evaluation.verify().manifest.weights != here.weights_digest:
                    raise ArtifactError("measured of other weights than the run has")
            except ArtifactError as error:
                say(f"mlflow: {evaluation.path} is left out: {error}")
                continue
            with store_errors(store.place):
                _send(store, run, evaluation)
                update_seed_run(store, here, here.path.parent)
                store.client.set_tag(run.run_id, _TAG + evaluation.path.name, seal)
            sent += 1
    return sent


def _send(store: Store, run: MeasuredRun, evaluation: Evaluation) -> None:
    metrics, run_id = evaluation.metrics, run.run_id
    when = (evaluation.path / MANIFEST).stat().st_mtime_ns // 1_000_000
    points = [Point(record.metric_key(key), value, 0, when) for key, value in numbers(reached(metrics))]
    log_points(store, run_id, points)
    for model in logged_models(store, run_id):
        log_model_points(store, run_id, points, model.model_id, run.data, run.dataset_digest)
    if evaluation.baselines_dir.is_dir():
        store.client.log_artifacts(run_id, str(evaluation.baselines_dir), f"{FILES_DIR}/baselines")
    if evaluation.ranks_file.is_file():
        store.client.log_artifact(run_id, str(evaluation.ranks_file), FILES_DIR)
