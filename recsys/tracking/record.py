"""What a run directory says, in the words that MLflow keeps: parameters, tags, metrics. No MLflow in here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from recsys.artefact import sha256_file
from recsys.run import Run
from recsys.schema import MANIFEST

DIGEST_TAG = "recsys.run_digest"
STATE_TAG = "recsys.mirror"  # what of the run has arrived: "running", then "complete"
PARENT_TAG = "mlflow.parentRunId"  # of a sweep's trial
SEAL_TAG = "recsys.seal"  # of a complete run: SHA-256 of its manifest, which a run that is trained again changes
CONFIG_TAG = "recsys.config_digest"
DATASET_TAG = "recsys.dataset_digest"
PROTOCOL_TAG = "recsys.protocol"
SEED_TAG = "recsys.seed"

_FACT_TAGS = (
    "protocol",
    "dataset_digest",
    "config_digest",
    "seed",
    "code_version",
    "code_clean",
    "recsys_version",
    "python",
    "environment_lock",
)
_COSTS = ("wall_seconds", "cpu_seconds", "peak_memory_bytes", "parameters", "multiply_adds")


@dataclass(frozen=True)
class Point:
    """One value of one metric."""

    key: str
    value: float
    step: int
    milliseconds: int


def seal(run: Run) -> str:
    """SHA-256 of a finished run's manifest."""
    return sha256_file(run.path / MANIFEST)


def metric_key(name: str) -> str:
    """MLflow refuses ``@`` in names: ``ndcg@10`` is kept as ``ndcg_at_10``."""
    return name.replace("@", "_at_")


def metric_name(key: str) -> str:
    """The field's name for a kept one: ``test/ndcg_at_10`` is ``test/ndcg@10``."""
    return key.replace("_at_", "@")


def milliseconds(text: str) -> int:
    """An ISO 8601 time as MLflow counts it."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def parameters(config: dict[str, Any]) -> dict[str, str]:
    """The config with dotted keys: ``{"model": {"width": 64}}`` is ``{"model.width": "64"}``."""
    flat: dict[str, str] = {}
    for section, values in config.items():
        if isinstance(values, dict):
            flat |= {f"{section}.{key}": value for key, value in parameters(values).items()}
        else:
            flat[section] = str(values)
    return flat


def data_name(parameters: dict[str, str]) -> str:
    """What the run's data is called: the data set's name, or the log's file name."""
    name = parameters["data.name"]
    return PurePath(parameters["data.path"]).stem if name == str(None) else name


def tags(run: Run) -> dict[str, str]:
    """What identifies the run and says what it may be compared with."""
    manifest = run.manifest
    kept = {f"recsys.{name}": str(manifest[name]) for name in _FACT_TAGS if manifest.get(name) is not None}
    kept |= {DIGEST_TAG: run.digest, "mlflow.source.name": "recsys train", "mlflow.source.type": "LOCAL"}
    if manifest.get("code_version"):
        kept["mlflow.source.git.commit"] = str(manifest["code_version"])
    return kept


def epoch_points(run: Run) -> list[Point]:
    """Every epoch's metrics. The same history gives the same points, so that sending twice changes nothing."""
    clock = float(milliseconds(run.manifest["started"]))
    points = []
    for entry in run.history():
        step = int(entry["epoch"])
        clock += 1000 * entry["seconds"]
        when = round(clock)
        points += [Point(metric_key(key), value, step, when) for key, value in numbers(entry) if key != "epoch"]
    return points


def final_points(run: Run) -> list[Point]:
    """What the finished run reached and cost: ``best/``, ``test/``, ``baseline/``, ``segment/``, ``cost/``."""
    manifest, metrics = run.manifest, run.metrics
    step = int(metrics["epochs"]["best"])
    groups: dict[str, Any] = {
        metrics["split"]: metrics["model"],
        "best": {**metrics["validation"], "epoch": step},
        "baseline": metrics["baselines"],
        "segment": metrics.get("segments", {}),
        "cost": {name: manifest[name] for name in _COSTS if manifest.get(name) is not None},
    }
    when = milliseconds(manifest["finished"])
    return [Point(metric_key(key), value, step, when) for key, value in numbers(groups)]


def numbers(value: Any, prefix: str = "") -> Iterator[tuple[str, float]]:
    """The numbers in nested objects, by their path: ``{"a": {"b": 1}}`` gives ``("a/b", 1.0)``."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, f"{prefix}/{key}" if prefix else str(key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield prefix, float(value)
