"""What a run directory says, in the words that MLflow keeps: parameters, tags, and the data's splits."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.config.data import data_name as called
from recsys.core.digests import sha256_file
from recsys.core.schema import MANIFEST
from recsys.experiments.measured_run import leaves
from recsys.tracking.store import names

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

DIGEST_TAG = "recsys.run_digest"
STATE_TAG = "recsys.upload"  # what of the run has arrived
RUNNING, COMPLETE = "running", "complete"
PARENT_TAG = "mlflow.parentRunId"  # of a sweep's trial, and of one of several seeds
SWEEP_TAG = "recsys.sweep"  # of a sweep's trial: MLflow's id of the sweep
SEAL_TAG = "recsys.seal"  # of a complete run: SHA-256 of its manifest, which a run that is trained again changes
CONFIG_TAG = "recsys.config_digest"
DATASET_TAG = "recsys.dataset_digest"
PROTOCOL_TAG = "recsys.protocol"
SEED_TAG = "recsys.seed"
MODEL_TAG = "recsys.model"  # of a run whose model is not in the store: why
# Without which a run in the store cannot be put beside others.
NEEDED_TAGS = (DIGEST_TAG, CONFIG_TAG, DATASET_TAG, PROTOCOL_TAG, SEED_TAG)
NEEDED_PARAMETERS = ("evaluation.filter_seen", "data.name", "data.path")
SPLITS = ("training", "validation", "test")

_FACT_TAGS = (
    "protocol",
    "dataset_digest",
    "config_digest",
    "seed",
    "code_version",
    "code_clean",
    "recsys_version",
    "python",
    "command",
    "environment_lock",
)


def seal(run: Run) -> str:
    """SHA-256 of a finished run's manifest."""
    return sha256_file(run.path / MANIFEST)


def metric_key(name: str) -> str:
    """MLflow refuses ``@`` in names: ``ndcg@10`` is kept as ``ndcg_at_10``; see ``recsys.tracking.store.names``."""
    return names.name(name.split("/"), "/")


def milliseconds(text: str) -> int:
    """An ISO 8601 time as MLflow counts it."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def parameters(config: dict[str, Any]) -> dict[str, str]:
    """The config with dotted keys: ``{"model": {"width": 64}}`` is ``{"model.width": "64"}``.

    Keys that people made, as those of ``data.event_types``, are spelled as MLflow takes them.
    """
    return {names.name(path, "."): names.value(str(value), names.PARAMETER_LENGTH) for path, value in leaves(config)}


def data_name(parameters: dict[str, str]) -> str:
    """What the run's data is called."""
    name, path = parameters["data.name"], parameters["data.path"]
    return names.value(called(None if name == str(None) else name, path), names.TITLE_LENGTH)


def split_name(data: str, split: str) -> str:
    """What the store calls a split of the data called ``data``: metrics are linked to it by this and its digest."""
    return names.value(f"{data}-{split}", names.TITLE_LENGTH)


def tags(run: Run) -> dict[str, str]:
    """What identifies the run and says what it may be compared with."""
    manifest = run.manifest
    kept = {f"recsys.{name}": str(fact) for name in _FACT_TAGS if (fact := getattr(manifest, name)) is not None}
    source = manifest.command or "recsys train"
    kept |= {DIGEST_TAG: run.digest, "mlflow.source.name": source, "mlflow.source.type": "LOCAL"}
    if manifest.code_version:
        kept["mlflow.source.git.commit"] = manifest.code_version
    return {key: names.value(text, names.TAG_LENGTH) for key, text in kept.items()}


def dataset_inputs(run: Run, dataset: Dataset | None) -> "list[DatasetInput]":
    """The splits of the dataset as MLflow's inputs: digest, where it lies, what it counts.

    Args:
        dataset: None where it is gone; the run says what it was.
    """
    from mlflow.entities import Dataset as MlflowDataset
    from mlflow.entities import DatasetInput, InputTag

    manifest = run.manifest
    place = (manifest.dataset_path or "unknown") if dataset is None else str(dataset.path)
    counts = manifest.dataset_counts if dataset is None else dataset.counts
    source = json.dumps({"uri": names.value(str(place), names.PARAMETER_LENGTH)})
    profile = json.dumps(counts, sort_keys=True)
    data = data_name(parameters(run.config))
    return [
        DatasetInput(
            MlflowDataset(split_name(data, split), manifest.dataset_digest, "local", source, profile=profile),
            [InputTag("mlflow.data.context", split), InputTag("protocol", manifest.protocol)],
        )
        for split in SPLITS
    ]
