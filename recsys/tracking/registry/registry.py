"""The registered model: its versions, who is champion, and what was said of each. Aliases, for stages are gone."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.core.errors import ArtifactError, ConfigError
from recsys.experiments.measured_run import MeasuredRun
from recsys.tracking.models.loader import Recommender
from recsys.tracking.models.model import DATA_DIR, LOADER
from recsys.tracking.store.quiet import looked_up_in
from recsys.tracking.store.store import Store, store_errors
from recsys.tracking.upload import record

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

MODEL_NAME = "recommender"
CHAMPION = "champion"
VERDICT_TAG, REASON_TAG, LATER_TAG = "gate.verdict", "gate.reason", "gate.later_verdict"
CHAMPIONS_TAG = "gate.champions"  # of the registered model: the versions that a rollback goes back through, newest last


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
        StoreError: the store is away.
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
            return _version(known[0])
        logged = store.client.search_logged_models([store.experiment_id], f"source_run_id = '{run.run_id}'")
        if not logged:
            why = run.tags.get(record.MODEL_TAG, "tracking.log_model was off when it was sent")
            raise ConfigError(f"{run.name} ({run.digest[:8]}): its model is not in the store: {why}")
        card = run.tags.get("mlflow.note.content", "")
        with looked_up_in(store.place.uri):
            made = store.client.create_model_version(
                name, logged[0].model_uri, run.run_id, tags={record.DIGEST_TAG: run.digest}, description=card
            )
        return _version(made)


def check_name(name: str) -> None:
    """Raises ConfigError where MLflow takes no registered model of this name, or could not find it again."""
    if not name.strip(". ") or not name.isprintable() or set(name) & set("/:'\"`") or len(name) > 256:
        raise ConfigError(f"--name {name!r}: expected a model's name without / : and quotation marks")


def champion(store: Store, name: str) -> Version | None:
    """The version that the alias ``champion`` points at, or None."""
    from mlflow import MlflowException

    with store_errors(store.place):
        try:
            return _version(store.client.get_model_version_by_alias(name, CHAMPION))
        except MlflowException as error:
            if error.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"):
                return None  # no such alias, or no such model
            raise


def protocol(store: Store, version: Version) -> str:
    """The protocol of the run that a version was registered from."""
    with store_errors(store.place):
        return str(store.client.get_run(version.run_id).data.tags.get(record.PROTOCOL_TAG, "unknown"))


def set_champion(store: Store, name: str, version: Version) -> None:
    """Point the alias at ``version``, and remember whom it replaced."""
    before = champion(store, name)
    with store_errors(store.place):
        if before is not None and before.number != version.number:
            _remember(store, name, [*_champions_before(store, name), before.number])
        store.client.set_registered_model_alias(name, CHAMPION, version.number)


def roll_back(store: Store, name: str) -> tuple[Version, Version]:
    """Give the alias back to the version that the champion replaced; returns ``(old champion, new champion)``.

    Raises:
        ConfigError: there is no champion, or it replaced none.
    """
    check_name(name)
    with store_errors(store.place):
        now = champion(store, name)
        if now is None:
            raise ConfigError(f"{name}: has no champion; recsys promote RUN makes one")
        earlier = _champions_before(store, name)
        if not earlier:
            raise ConfigError(
                f"{name}: its champion, version {now.number}, replaced none; there is nothing to go back to"
            )
        store.client.set_registered_model_alias(name, CHAMPION, earlier[-1])
        _remember(store, name, earlier[:-1])
        again = _version(store.client.get_model_version(name, earlier[-1]))
        note(store, name, now, {VERDICT_TAG: "rolled back"})
        note(store, name, again, {VERDICT_TAG: "promoted"})
        return now, again


def _champions_before(store: Store, name: str) -> list[str]:
    text = store.client.get_registered_model(name).tags.get(CHAMPIONS_TAG, "[]")
    return [str(number) for number in json.loads(text)]


def _remember(store: Store, name: str, champions: list[str]) -> None:
    store.client.set_registered_model_tag(name, CHAMPIONS_TAG, json.dumps(champions))


def note(store: Store, name: str, version: Version, tags: dict[str, str]) -> None:
    """Write tags on a version."""
    with store_errors(store.place):
        for key, value in tags.items():
            store.client.set_model_version_tag(name, version.number, key, value)


def load(store: Store, version: Version, scratch: Path) -> Recommender:
    """The version's model, of which only arrays and tables are read.

    Raises:
        ArtifactError: it asks for code or pickles, or was not made by this program.
        StoreError: the store is away.
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


def _version(version: "ModelVersion") -> Version:
    return Version(str(version.version), str(version.run_id), str(version.source), dict(version.tags))
