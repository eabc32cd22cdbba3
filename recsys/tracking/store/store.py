"""The MLflow store: opened the same way by every command, made once even when many processes come at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.config.tracking import TrackingConfig
from recsys.core.locks import exclusive
from recsys.tracking.store.destination import Destination, announce, destination
from recsys.tracking.store.errors import StoreError, store_errors
from recsys.tracking.store.relocation import BESIDE, TAG, relocate

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

# The UI opens an experiment as one of language models unless told otherwise.
_EXPERIMENT_TAGS = {
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.note.content": "Next-item recommenders. `test/` is read once a run, `best/` is what validation chose, "
    "`baseline/` what simple recommenders reach, `segment/` for whom. `recsys compare` adds intervals and tests.",
}


@dataclass(frozen=True)
class Store:
    """An open store and the experiment in it, with the address below which its runs keep their files."""

    place: Destination
    client: "MlflowClient"
    experiment_id: str
    artifact_root: str

    @property
    def uri(self) -> str:
        """As it may be shown."""
        return self.place.shown


def open_store(tracking: TrackingConfig, work_dir: Path) -> Store:
    """Connect, and make the database and the experiment where they are missing.

    The files of an SQLite store lie in ``mlartifacts`` beside it and move with it; a server keeps them where its owner
    said.

    Raises:
        StoreError: the store is away, or the experiment was deleted in it.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    announce(tracking, work_dir)
    place = destination(tracking, work_dir)
    with store_errors(place), exclusive(work_dir):
        client = _connect(place)
        experiment = client.get_experiment_by_name(place.experiment)
        if experiment is None:
            experiment = client.get_experiment(_make_experiment(client, place))
    return _store(place, client, experiment)


def find_store(tracking: TrackingConfig, work_dir: Path) -> Store | None:
    """Connect where there is something to look at; None where there is not. Makes nothing.

    Raises:
        StoreError: as ``open_store``.
    """
    announce(tracking, work_dir)
    place = destination(tracking, work_dir)
    if place.database is not None and not place.database.exists():
        return None
    with store_errors(place):
        client = _connect(place)
        experiment = client.get_experiment_by_name(place.experiment)
    return None if experiment is None else _store(place, client, experiment)


def _connect(place: Destination) -> "MlflowClient":
    import mlflow

    if place.database is None or place.artifacts is None:
        return mlflow.MlflowClient(tracking_uri=place.uri, registry_uri=place.uri)
    if place.database.exists():
        relocate(place.database, place.artifacts)
    with _no_stray_directory(place):
        return mlflow.MlflowClient(tracking_uri=place.uri, registry_uri=place.uri)


@contextmanager
def _no_stray_directory(place: Destination) -> Iterator[None]:
    """MLflow makes the directory that it reads in the address as it is spelled, ``%3F`` for ``?``; take it away."""
    spelled = Path(place.uri.removeprefix("sqlite:///").partition("?")[0]).parent
    made = [path for path in (spelled, *spelled.parents) if not path.exists()]
    try:
        yield
    finally:
        for path in made:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()


def _make_experiment(client: "MlflowClient", place: Destination) -> str:
    root = None if place.artifacts is None else place.artifacts.as_uri()
    beside = {TAG: BESIDE} if place.database is not None else {}
    made = client.create_experiment(place.experiment, artifact_location=root, tags={**_EXPERIMENT_TAGS, **beside})
    return str(made)


def _store(place: Destination, client: "MlflowClient", experiment: "Experiment") -> Store:
    if experiment.lifecycle_stage != "active":
        raise StoreError(
            f"{place.shown}: experiment {place.experiment!r} was deleted there; restore it "
            f"(mlflow experiments restore --experiment-id {experiment.experiment_id}) or set tracking.experiment"
        )
    return Store(place, client, str(experiment.experiment_id), str(experiment.artifact_location))
