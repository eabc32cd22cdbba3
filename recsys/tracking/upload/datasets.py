"""The dataset behind a run, for what the store keeps of it: in the work directory, or where the run was trained."""

import json
from pathlib import Path
from typing import Any

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.finding import find_dataset
from recsys.artifacts.run import Run
from recsys.tracking.store import names
from recsys.tracking.upload import record


def dataset_of(run: Run, work_dir: Path) -> Dataset:
    """The dataset that ``run`` was trained on.

    Raises:
        ArtifactError: it is neither in ``work_dir`` nor where it was when the run was trained.
    """
    manifest = run.manifest
    hint = manifest.dataset_path
    return find_dataset(work_dir, manifest.dataset_digest, *([Path(hint)] if hint else []))


def dataset_input(run: Run, dataset: Dataset | None) -> Any:
    """The dataset as MLflow's input: its digest, where it lies, what it counts. What is gone is told by its run."""
    from mlflow.entities import Dataset as MlflowDataset
    from mlflow.entities import DatasetInput, InputTag

    manifest = run.manifest
    place = (manifest.dataset_path or "unknown") if dataset is None else str(dataset.path)
    counts = manifest.dataset_counts if dataset is None else dataset.counts
    described = MlflowDataset(
        name=record.data_name(record.parameters(run.config)),
        digest=manifest.dataset_digest,
        source_type="local",
        source=json.dumps({"uri": names.value(str(place), names.PARAMETER_LENGTH)}),
        profile=json.dumps(counts, sort_keys=True),
    )
    return DatasetInput(
        described, [InputTag("mlflow.data.context", "training"), InputTag("protocol", manifest.protocol)]
    )
