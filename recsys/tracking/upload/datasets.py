"""The dataset behind a run, for what the store keeps of it: in the work directory, or where the run was trained."""

import json
from typing import TYPE_CHECKING

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.tracking.store import names
from recsys.tracking.upload import record

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

SPLITS = ("training", "validation", "test")


def split_name(run: Run, split: str) -> str:
    """What MLflow calls a split of the run's dataset: metrics are linked to it by this name and its digest."""
    return record.split_name(record.data_name(record.parameters(run.config)), split)


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
    return [
        DatasetInput(
            MlflowDataset(split_name(run, split), manifest.dataset_digest, "local", source, profile=profile),
            [InputTag("mlflow.data.context", split), InputTag("protocol", manifest.protocol)],
        )
        for split in SPLITS
    ]
