"""Further evaluations in MLflow: what was measured of a run after its seal, beside what it had sealed."""

from collections.abc import Sequence
from pathlib import Path

from recsys.artifacts.evaluation import Evaluation
from recsys.artifacts.run import Run
from recsys.core.digests import sha256_file
from recsys.core.errors import ArtifactError
from recsys.core.schema import MANIFEST, RUNS_DIR
from recsys.experiments.measured_run import MeasuredRun
from recsys.terminal import say
from recsys.tracking.store.errors import store_errors
from recsys.tracking.store.store import Store
from recsys.tracking.upload import record
from recsys.tracking.upload.points import Point, log_points, numbers

_TAG = "recsys.evaluation."  # with the evaluation's name: SHA-256 of the manifest that the store has


def send_evaluations(store: Store, runs: Sequence[MeasuredRun], work_dir: Path) -> int:
    """Send the evaluations of ``runs`` that the store lacks; returns how many. A damaged one is told.

    Raises:
        StoreError: the store is away.
    """
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
                _send(store, run.run_id, evaluation)
                store.client.set_tag(run.run_id, _TAG + evaluation.path.name, seal)
            sent += 1
    return sent


def _send(store: Store, run_id: str, evaluation: Evaluation) -> None:
    metrics = evaluation.metrics
    when = (evaluation.path / MANIFEST).stat().st_mtime_ns // 1_000_000
    groups = {"test": metrics["model"], "best": metrics["validation"], "baseline": metrics["baselines"]}
    points = [Point(record.metric_key(key), value, 0, when) for key, value in numbers(groups)]
    log_points(store, run_id, points)
    store.client.log_artifacts(run_id, str(evaluation.baselines_dir), "run/baselines")
