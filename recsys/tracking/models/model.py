"""A run's model in MLflow: code plus weights through a loader module, never a pickle."""

import shutil
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.artifacts.dataset import ITEMS_FILE, Dataset
from recsys.artifacts.run import Run
from recsys.core.schema import MANIFEST
from recsys.tracking.store.store import Store
from recsys.tracking.upload.record import DIGEST_TAG, parameters

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel
    from mlflow.models import ModelSignature

NAME, PYFUNC = "recommender", "pyfunc"
LOADER = "recsys.tracking.models.loader"
DATA_DIR, RUN_DIR, DATASET_DIR = "recommender", "run", "dataset"
EXAMPLE_ITEMS = 3
# What the loader imports; pinned to what trained the model, so that nothing has to be inferred by loading it.
REQUIREMENTS = ("tensorflow", "tf-keras", "tensorflow-recommenders", "numpy", "pandas", "pyarrow", "pydantic", "PyYAML")


def log_model(store: Store, run_id: str, run: Run, dataset: Dataset) -> str:
    """Put the run's model into the store, unless it is there; returns its ``models:/…`` address.

    Args:
        dataset: what the run was trained on.
    """
    from mlflow.entities import LoggedModelStatus

    for known in logged_models(store, run_id):
        if known.status == LoggedModelStatus.READY:
            return str(known.model_uri)
        store.client.delete_logged_model(known.model_id)
    made = store.client.create_logged_model(
        store.experiment_id,
        name=NAME,
        source_run_id=run_id,
        tags={DIGEST_TAG: run.digest},
        params=without_tracking(parameters(run.config)),
        model_type=PYFUNC,
    )
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "model"
        save_model(path, run, dataset, run_id=run_id, model_id=made.model_id)
        return send_files(store, run_id, made, path)


def send_files(store: Store, run_id: str, made: "LoggedModel", directory: Path) -> str:
    """Fill the logged model ``made`` of a run, and say that it is whole; returns its ``models:/…`` address."""
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus

    store.client.log_model_artifacts(made.model_id, str(directory))
    store.client.finalize_logged_model(made.model_id, LoggedModelStatus.READY)
    store.client.log_outputs(run_id, [LoggedModelOutput(made.model_id, step=0)])
    return str(made.model_uri)


def logged_models(store: Store, run_id: str) -> "list[LoggedModel]":
    """The models of a run that MLflow can load; a run has one, or none."""
    conditions = f"source_run_id = '{run_id}' AND model_type = '{PYFUNC}'"
    return list(store.client.search_logged_models([store.experiment_id], conditions))


def without_tracking(config: dict[str, str]) -> dict[str, str]:
    """What made a model, of dotted parameters: where it was logged did not."""
    return {key: value for key, value in config.items() if not key.startswith("tracking.")}


def save_model(path: Path, run: Run, dataset: Dataset, **identity: Any) -> None:
    """Write MLflow's model directory: what ``recsys.tracking.models.loader`` reads, signature and example beside it.

    Args:
        identity: fields of MLflow's ``Model`` that say whose it is.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow warns of its own type hints when this is first imported
        import mlflow.pyfunc
    from mlflow.models import Model

    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / DATA_DIR
        for part, names, source in (
            (RUN_DIR, (MANIFEST, run.config_file.name, run.weights_file.name), run.path),
            (DATASET_DIR, (MANIFEST, ITEMS_FILE), dataset.path),
        ):
            (data / part).mkdir(parents=True)
            for name in names:
                shutil.copyfile(source / name, data / part / name)
        mlflow.pyfunc.save_model(
            path,
            loader_module=LOADER,
            data_path=str(data),
            signature=signature(),
            input_example=(example(dataset), {"k": 10}),
            pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
            mlflow_model=Model(metadata={"run_digest": run.digest, "dataset_digest": dataset.digest}, **identity),
        )


def signature() -> "ModelSignature":
    """One row a user: ``history``, a list of ``{"item", "timestamp" (ms)}``; ``event_id``, ``event_type`` and ``value``
    are optional.

    Gives ``items`` and ``scores``, best first; the parameter ``k`` says how many, and ``now`` when the request is made,
    in milliseconds since 1970 (0: now), which a model that reads times reads.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import Array, Object, Property

    event = Object(
        [
            Property("item", DataType.string),
            Property("timestamp", DataType.long),
            Property("event_id", DataType.long, required=False),
            Property("event_type", DataType.string, required=False),
            Property("value", DataType.double, required=False),
        ]
    )
    return ModelSignature(
        inputs=Schema([ColSpec(Array(event), "history")]),
        outputs=Schema([ColSpec(Array(DataType.string), "items"), ColSpec(Array(DataType.double), "scores")]),
        params=ParamSchema([ParamSpec("k", DataType.long, 10), ParamSpec("now", DataType.long, 0)]),
    )


def example(dataset: Dataset) -> Any:
    """A history of the most popular items, as a data frame of one row."""
    import pandas as pd

    items = dataset.vocabulary.external_ids[:EXAMPLE_ITEMS]
    return pd.DataFrame({"history": [[{"item": item, "timestamp": 1000 * n} for n, item in enumerate(items, 1)]]})
