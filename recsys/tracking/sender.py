"""One run's way into one store: what has arrived is remembered, and sending twice changes nothing."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from recsys.config.tracking import TrackingConfig
from recsys.data.dataset import Dataset
from recsys.data.finding import find_dataset
from recsys.locks import exclusive
from recsys.run import Run
from recsys.schema import MANIFEST
from recsys.tracking import record
from recsys.tracking.card import run_card
from recsys.tracking.store import Store, StoreError, open_store, store_errors, store_uri

if TYPE_CHECKING:
    from mlflow.entities import Metric

T = TypeVar("T")

METRICS_A_BATCH = 500
PARAMETERS_A_BATCH = 100
FILES_DIR = "run"  # where in a run's artefacts its files lie
PLOTS_DIR = "plots"
RUN_FILES = (MANIFEST, "config.json", "history.jsonl", "metrics.json", "ranks.parquet", "environment.txt")


class Sender:
    """One run's way into one store. Remembers what has arrived, so that an epoch is sent once."""

    def __init__(self, run: Run, tracking: TrackingConfig, work_dir: Path, parent: str | None = None) -> None:
        self.run = run
        self.tracking = tracking
        self.work_dir = work_dir
        self.parent = parent
        self._store: Store | None = None
        self._id: str | None = None
        self._epochs_sent = 0

    def send(self, samples: "Iterable[Metric]" = (), *, killed: bool = False) -> str:
        """Send the run as it is now, and the machine's ``samples`` beside it.

        Args:
            killed: the training ended early; say so unless the run is finished after all.

        Raises:
            StoreError: the store did not take it all.
        """
        try:
            # One sender at a time; the run's own directory is the lock of the process that trains it.
            with store_errors(store_uri(self.tracking, self.work_dir)), exclusive(self.run.plots_dir):
                return self._send(list(samples), killed)
        except StoreError:
            self._store = None
            raise

    def _send(self, samples: "list[Metric]", killed: bool) -> str:
        store = self._store = self._store or open_store(self.tracking, self.work_dir)
        self._id = self._id or self._start(store)
        points = [point for point in record.epoch_points(self.run) if point.step > self._epochs_sent]
        self._points(store, self._id, points)
        self._epochs_sent = max((point.step for point in points), default=self._epochs_sent)
        for batch in _batches(samples, METRICS_A_BATCH):
            store.client.log_batch(self._id, metrics=batch)
        if self.run.is_finished:
            self._finish(store, self._id)
        elif killed:
            store.client.set_terminated(self._id, "KILLED")
        return self._id

    def _start(self, store: Store) -> str:
        manifest = self.run.manifest
        found = find_run(store, self.run.digest)
        if found is not None and self._is_another(store, found):
            store.client.delete_run(found)  # MLflow keeps it among the deleted ones
            found = None
        if found is None:
            created = store.client.create_run(
                store.experiment_id,
                start_time=record.milliseconds(manifest["started"]),
                run_name=str(manifest["name"]),
                tags={record.DIGEST_TAG: self.run.digest, record.STATE_TAG: "running"},
            )
            found = str(created.info.run_id)
        elif not self.run.is_finished:
            store.client.update_run(found, status="RUNNING")
        from mlflow.entities import Param, RunTag

        tags = record.tags(self.run)
        if self.parent is not None:
            tags[record.PARENT_TAG] = self.parent
        store.client.log_batch(found, tags=[RunTag(key, value) for key, value in tags.items()])
        for batch in _batches(list(record.parameters(self.run.config).items()), PARAMETERS_A_BATCH):
            store.client.log_batch(found, params=[Param(key, value) for key, value in batch])
        store.client.log_inputs(found, datasets=[_dataset_input(self._dataset(), self.run)])
        return found

    def _is_another(self, store: Store, run_id: str) -> bool:
        """Whether the store has an earlier training of the same digest, whole, which this one has replaced."""
        tags = store.client.get_run(run_id).data.tags
        if tags.get(record.STATE_TAG) != "complete":
            return False
        return not self.run.is_finished or tags.get(record.SEAL_TAG) != record.seal(self.run)

    def _finish(self, store: Store, run_id: str) -> None:
        client = store.client
        if client.get_run(run_id).data.tags.get(record.STATE_TAG) == "complete":
            return
        self._points(store, run_id, record.final_points(self.run))
        for name in RUN_FILES:
            client.log_artifact(run_id, str(self.run.path / name), FILES_DIR)
        for plot in sorted(self.run.plots_dir.glob("*.png")):
            client.log_artifact(run_id, str(plot), PLOTS_DIR)
        if self.tracking.log_model:
            from recsys.tracking.model import log_model

            log_model(store, run_id, self.run, self._dataset())
        client.set_tag(run_id, "mlflow.note.content", run_card(self.run))
        client.set_terminated(run_id, "FINISHED", record.milliseconds(self.run.manifest["finished"]))
        client.set_tag(run_id, record.SEAL_TAG, record.seal(self.run))
        client.set_tag(run_id, record.STATE_TAG, "complete")

    def _dataset(self) -> Dataset:
        return find_dataset(self.work_dir, str(self.run.manifest["dataset_digest"]))

    def _points(self, store: Store, run_id: str, points: list[record.Point]) -> None:
        from mlflow.entities import Metric

        for batch in _batches(points, METRICS_A_BATCH):
            metrics = [Metric(p.key, p.value, p.milliseconds, p.step) for p in batch]
            store.client.log_batch(run_id, metrics=metrics)


def find_run(store: Store, digest: str) -> str | None:
    """MLflow's id of the run with ``digest`` in the store's experiment, or None."""
    found = store.client.search_runs([store.experiment_id], f"tags.`{record.DIGEST_TAG}` = '{digest}'", max_results=1)
    return str(found[0].info.run_id) if found else None


def _dataset_input(dataset: Dataset, run: Run) -> Any:
    """The dataset as MLflow's input: its digest, where it lies, what it counts."""
    from mlflow.entities import Dataset as MlflowDataset
    from mlflow.entities import DatasetInput, InputTag

    described = MlflowDataset(
        name=record.data_name(record.parameters(run.config)),
        digest=dataset.digest,
        source_type="local",
        source=json.dumps({"uri": str(dataset.path)}),
        profile=json.dumps(dataset.counts, sort_keys=True),
    )
    return DatasetInput(
        described, [InputTag("mlflow.data.context", "training"), InputTag("protocol", run.manifest["protocol"])]
    )


def _batches(values: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(values), size):
        yield list(values[start : start + size])
