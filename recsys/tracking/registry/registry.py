"""The registered model: its versions, what is noted of each, and how one is loaded."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.core.errors import ArtifactError, ConfigError
from recsys.experiments.measured_run import MeasuredRun
from recsys.tracking.models.loader import Recommender
from recsys.tracking.models.model import DATA_DIR, LOADER, logged_models
from recsys.tracking.runs import is_ours, measured
from recsys.tracking.store.errors import store_errors
from recsys.tracking.store.quiet import looked_up_in
from recsys.tracking.store.store import Store
from recsys.tracking.upload import record

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

MODEL_NAME = "recommender"


@dataclass(frozen=True)
class Version:
    """One version of the registered model."""

    number: str
    run_id: str
    source: str
    tags: dict[str, str]


def register(store: Store, run: MeasuredRun, name: str) -> Version:
    """The version that holds the run's model; made when there is none.

    Raises:
        ConfigError: the run's model was not logged, or no model can be called ``name``.
    """
    check_name(name)
    from mlflow import MlflowException
    from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode

    with store_errors(store.place):
        try:
            store.client.create_registered_model(name, description="Next-item recommender; the champion serves.")
        except MlflowException as error:
            if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
                raise
        known = [v for v in store.client.search_model_versions(f"name = '{name}'") if v.run_id == run.run_id]
        if known:
            return version_of(known[0])
        logged = logged_models(store, run.run_id)
        if not logged:
            why = run.tags.get(record.MODEL_TAG, "tracking.log_model was off when it was sent")
            raise ConfigError(f"{run.name} ({run.digest[:8]}): its model is not in the store: {why}")
        card = run.tags.get("mlflow.note.content", "")
        model = logged[0]
        with looked_up_in(store.place.uri):
            made = store.client.create_model_version(
                name,
                model.model_uri,
                run.run_id,
                tags={record.DIGEST_TAG: run.digest},
                description=card,
                model_id=model.model_id,
            )
        # The model's page lists its versions from this tag, which a server sets by itself and a database does not.
        versions = json.dumps([{"name": name, "version": str(made.version)}])
        store.client.set_logged_model_tags(model.model_id, {"mlflow.modelVersions": versions})
        return version_of(made)


def check_name(name: str) -> None:
    """Raises ConfigError where MLflow takes no registered model of this name, or could not find it again."""
    if not name.strip(". ") or not name.isprintable() or set(name) & set("/:'\"`") or len(name) > 256:
        raise ConfigError(f"--name {name!r}: expected a model's name without / : and quotation marks")


def run_of(store: Store, version: Version) -> MeasuredRun:
    """The run that a version was registered from.

    Raises:
        ArtifactError: it lacks what recsys writes.
    """
    with store_errors(store.place):
        run = store.client.get_run(version.run_id)
    if not is_ours(run):
        raise ArtifactError(f"version {version.number}: its run {version.run_id} lacks tags that recsys writes")
    return measured(run)


def annotate(store: Store, name: str, version: Version, tags: dict[str, str]) -> None:
    """Write tags on a version."""
    with store_errors(store.place):
        for key, value in tags.items():
            store.client.set_model_version_tag(name, version.number, key, value)


def load(store: Store, version: Version, scratch: Path) -> Recommender:
    """The version's model, of which only arrays and tables are read.

    Raises:
        ArtifactError: it asks for code or pickles, or was not made by this program.
    """
    model_id = version.source.removeprefix("models:/")
    target = scratch / model_id
    target.mkdir(parents=True, exist_ok=True)
    with store_errors(store.place):
        import mlflow.artifacts

        uri = store.client.get_logged_model(model_id).artifact_location
        path = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(target), tracking_uri=store.place.uri))
    return open_model(path)


def open_model(path: Path) -> Recommender:
    """A downloaded model directory, once it is known to hold no code and no pickle.

    Raises:
        ArtifactError: as ``load``.
    """
    from mlflow.models import Model

    about: dict[str, Any] = Model.load(str(path)).flavors.get("python_function", {})
    if about.get("loader_module") != LOADER or about.get("code") or about.get("data") != f"data/{DATA_DIR}":
        raise ArtifactError(
            f"{path / 'MLmodel'}: expected loader {LOADER}, no code, and data in data/{DATA_DIR}, "
            f"found {json.dumps(about)}; it is not one of this program's models and is not loaded"
        )
    return Recommender(path / "data" / DATA_DIR)


def version_of(version: "ModelVersion") -> Version:
    return Version(str(version.version), str(version.run_id), str(version.source), dict(version.tags))
