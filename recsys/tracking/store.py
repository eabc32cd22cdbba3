"""The MLflow store: opened the same way by every command, made once even when many processes come at once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.config.tracking import TrackingConfig
from recsys.errors import RecsysError
from recsys.locks import exclusive

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATABASE = "mlflow.db"
ARTEFACT_ROOT = "mlartifacts"

# A store that is away must be noticed at once: what could not be sent is kept and sent again by the mirror, not by
# retries inside a request. MLflow reports its use to its makers unless told otherwise.
_ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


# The UI opens an experiment as one of language models unless told otherwise.
_EXPERIMENT_TAGS = {
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.note.content": "Next-item recommenders. `test/` is read once a run, `best/` is what validation chose, "
    "`baseline/` what simple recommenders reach, `segment/` for whom. `recsys compare` adds intervals and tests.",
}


class StoreError(RecsysError):
    """The MLflow store cannot be reached or used. Exit code 1."""


@dataclass(frozen=True)
class Store:
    """An open store and the experiment in it, with the address below which its runs keep their files."""

    uri: str
    client: "MlflowClient"
    experiment_id: str
    artefact_root: str


def store_uri(tracking: TrackingConfig, work_dir: Path) -> str:
    """``tracking.uri``, or the SQLite database of the work directory."""
    return tracking.uri or f"sqlite:///{(work_dir / DATABASE).resolve()}"


@contextmanager
def store_errors(uri: str) -> Iterator[None]:
    """What MLflow, its database or its network raise, as one ``StoreError`` that names the store."""
    import mlflow
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (mlflow.MlflowException, SQLAlchemyError, OSError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise StoreError(f"{uri}: the MLflow store cannot be used: {lines[0]}") from error


def open_store(tracking: TrackingConfig, work_dir: Path) -> Store:
    """Connect, and make the database and the experiment where they are missing.

    A store in the work directory keeps its artefacts in ``work_dir/mlartifacts``; a server or another database
    keeps them where its owner said.

    Raises:
        StoreError: the store is away, or the experiment was deleted in it.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import mlflow

    work_dir.mkdir(parents=True, exist_ok=True)
    uri = store_uri(tracking, work_dir)
    with store_errors(uri), exclusive(work_dir):
        mlflow.set_tracking_uri(uri)  # where models:/ addresses are looked up, whatever a client was given
        client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
        experiment = client.get_experiment_by_name(tracking.experiment)
        if experiment is None:
            root = None if tracking.uri else (work_dir / ARTEFACT_ROOT).resolve().as_uri()
            made = client.create_experiment(tracking.experiment, artifact_location=root, tags=_EXPERIMENT_TAGS)
            experiment = client.get_experiment(made)
    if experiment.lifecycle_stage != "active":
        raise StoreError(
            f"{uri}: experiment {tracking.experiment!r} was deleted there; restore it "
            f"(mlflow experiments restore --experiment-id {experiment.experiment_id}) or set tracking.experiment"
        )
    return Store(uri, client, str(experiment.experiment_id), str(experiment.artifact_location))
