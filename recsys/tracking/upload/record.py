"""What a run directory says, in the words that MLflow keeps: parameters and tags. No MLflow in here."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from recsys.artifacts.run import Run
from recsys.config import data
from recsys.core.digests import sha256_file
from recsys.core.schema import MANIFEST
from recsys.tracking.store import names

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
    return {names.name(path, "."): names.value(str(value), names.PARAMETER_LENGTH) for path, value in _leaves(config)}


def _leaves(values: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from (((key, *path), leaf) for path, leaf in _leaves(value))
        else:
            yield (key,), value


def data_name(parameters: dict[str, str]) -> str:
    """What the run's data is called."""
    name, path = parameters["data.name"], parameters["data.path"]
    return names.value(data.data_name(None if name == str(None) else name, path), names.TITLE_LENGTH)


def split_name(data_name: str, split: str) -> str:
    """What the store calls a split of the data called ``data_name``."""
    return names.value(f"{data_name}-{split}", names.TITLE_LENGTH)


def tags(run: Run) -> dict[str, str]:
    """What identifies the run and says what it may be compared with."""
    manifest = run.manifest
    kept = {f"recsys.{name}": str(fact) for name in _FACT_TAGS if (fact := getattr(manifest, name)) is not None}
    source = manifest.command or "recsys train"
    kept |= {DIGEST_TAG: run.digest, "mlflow.source.name": source, "mlflow.source.type": "LOCAL"}
    if manifest.code_version:
        kept["mlflow.source.git.commit"] = manifest.code_version
    return {key: names.value(text, names.TAG_LENGTH) for key, text in kept.items()}
