"""Runs as the store holds them, and their files."""

from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from recsys.core.errors import ArtifactError
from recsys.experiments.measured_run import MeasuredRun
from recsys.terminal import say
from recsys.tracking.store import names
from recsys.tracking.store.errors import store_errors
from recsys.tracking.store.store import Store
from recsys.tracking.upload import record

PAGE = 1000


def complete_runs(store: Store, where: str = "") -> list[MeasuredRun]:
    """Every run that has arrived whole, oldest first.

    Args:
        where: more conditions in MLflow's search language.

    Raises:
        StoreError: the store is away, or does not understand ``where``.
    """
    conditions = [f"tags.`{record.STATE_TAG}` = '{record.COMPLETE}'", *([where] if where else [])]
    found: list[Any] = []
    token = None
    with store_errors(store.place):
        while True:
            page = store.client.search_runs(
                [store.experiment_id],
                " and ".join(conditions),
                max_results=PAGE,
                order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
                page_token=token,
            )
            found += page
            token = page.token
            if not token:
                break
    foreign = [run for run in found if not is_ours(run)]
    if foreign:
        names = ", ".join(f"{run.info.run_name} ({run.info.run_id})" for run in foreign)
        say(f"mlflow: left out, for they lack what recsys writes: {names}")
    return [measured(run) for run in found if is_ours(run)]


def is_ours(run: Any) -> bool:
    """Whether the run has all that comparing needs: anyone may have written or deleted tags in the store."""
    tags, parameters = run.data.tags, run.data.params
    return (
        set(record.NEEDED_TAGS) <= tags.keys()
        and set(record.NEEDED_PARAMETERS) <= parameters.keys()
        and str(tags[record.SEED_TAG]).isdecimal()
    )


def metric_history(store: Store, run: MeasuredRun, metric: str) -> tuple[list[int], list[float]]:
    """A metric's steps and values, oldest first."""
    with store_errors(store.place):
        points = store.client.get_metric_history(run.run_id, record.metric_key(metric))
    points = sorted(points, key=lambda point: (point.step, point.timestamp))
    return [point.step for point in points], [point.value for point in points]


def local_path(store: Store, run: MeasuredRun, path: str, scratch: Path) -> Path:
    """A run's file, or directory with all that is in it, on this machine: where it lies, or a copy below ``scratch``.

    Raises:
        ArtifactError: the run has no such file, or the address leaves the experiment's artifact root.
    """
    parsed = urlparse(run.artifacts)
    if parsed.scheme in ("", "file"):
        root = urlparse(store.artifact_root)
        inside = Path(url2pathname(root.path)).resolve()
        found = (Path(url2pathname(parsed.path)) / path).resolve()
    else:
        target = scratch / run.run_id
        target.mkdir(parents=True, exist_ok=True)
        with store_errors(store.place):
            found = Path(store.client.download_artifacts(run.run_id, path, str(target))).resolve()
        inside = target.resolve()
    if not found.is_relative_to(inside):
        raise ArtifactError(f"{run.name} ({run.run_id}): its file {path} points outside the artifact root {inside}")
    if not found.exists():
        raise ArtifactError(f"{run.name} ({run.run_id}): {found} is missing from the store; send the run again")
    return found


def measured(run: Any) -> MeasuredRun:
    tags, parameters = dict(run.data.tags), dict(run.data.params)
    return MeasuredRun(
        run_id=str(run.info.run_id),
        name=str(run.info.run_name),
        digest=tags[record.DIGEST_TAG],
        config_digest=tags[record.CONFIG_TAG],
        dataset_digest=tags[record.DATASET_TAG],
        protocol=tags[record.PROTOCOL_TAG],
        seed=int(tags[record.SEED_TAG]),
        data=record.data_name(parameters),
        parameters=parameters,
        metrics={names.field_name(key): value for key, value in run.data.metrics.items()},
        is_trial=record.SWEEP_TAG in tags,
        artifacts=str(run.info.artifact_uri),
        tags=tags,
    )
