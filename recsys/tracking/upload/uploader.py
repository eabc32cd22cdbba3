"""One run's way into one store: what has arrived is remembered, and sending twice changes nothing."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.finding import dataset_of
from recsys.artifacts.run import Run
from recsys.config.tracking import TrackingConfig
from recsys.core.errors import ArtifactError
from recsys.core.locks import exclusive
from recsys.tracking.store import names
from recsys.tracking.store.destination import destination
from recsys.tracking.store.errors import StoreError, store_errors
from recsys.tracking.store.store import Store, open_store
from recsys.tracking.upload import record
from recsys.tracking.upload.finished_run import FinishedRun
from recsys.tracking.upload.points import METRICS_A_BATCH, batches, epoch_points, log_points
from recsys.tracking.upload.seeds import update_seed_run

if TYPE_CHECKING:
    from mlflow.entities import Metric

T = TypeVar("T")

PARAMETERS_A_BATCH = 100


class Uploader:
    """One run's way into one store. Remembers what has arrived, so that an epoch is sent once.

    Args:
        sweep: MLflow's id of the sweep that the run is a trial of; its model is sent when the sweep says so.
    """

    def __init__(self, run: Run, tracking: TrackingConfig, work_dir: Path, sweep: str | None = None) -> None:
        self.run = run
        self.tracking = tracking
        self.work_dir = work_dir
        self.sweep = sweep
        self._store: Store | None = None
        self._id: str | None = None
        self._epochs_sent = 0
        self._finished: FinishedRun | None = None

    def send(self, samples: "Iterable[Metric]" = (), *, killed: bool = False) -> str:
        """Send the run as it is now, and the machine's ``samples`` beside it.

        Args:
            killed: the training ended early; say so unless the run is finished after all.

        Raises:
            StoreError: the store did not take it all.
            ArtifactError: the run is not whole; nothing of it has been sent then.
        """
        try:
            # Whoever copied the run may have left out a directory that was empty.
            self.run.plots_dir.mkdir(exist_ok=True)
        except OSError as error:
            raise ArtifactError(f"{self.run.plots_dir}: cannot be made ({error.strerror})") from None
        if self._finished is None and self.run.is_finished:
            log_model = self.tracking.log_model and self.sweep is None
            self._finished = _read(self.run, lambda run: FinishedRun(run, self.work_dir, log_model=log_model))
        try:
            # One process sends at a time; the run's own directory is the lock of the process that trains it.
            with store_errors(destination(self.tracking, self.work_dir)), exclusive(self.run.plots_dir):
                return self._send(list(samples), killed)
        except StoreError:
            self._store = None
            raise

    def _send(self, samples: "list[Metric]", killed: bool) -> str:
        store = self._store = self._store or open_store(self.tracking, self.work_dir)
        self._id = self._id or self._start(store)
        points = [point for point in _read(self.run, epoch_points) if point.step > self._epochs_sent]
        log_points(store, self._id, points)
        self._epochs_sent = max((point.step for point in points), default=self._epochs_sent)
        for batch in batches(samples, METRICS_A_BATCH):
            store.client.log_batch(self._id, metrics=batch)
        if self._finished is not None:
            self._finished.send(store, self._id)
            update_seed_run(store, self.run, self.run.path.parent)
        elif killed:
            store.client.set_terminated(self._id, "KILLED")
        return self._id

    def _start(self, store: Store) -> str:
        started = _read(self.run, lambda run: record.milliseconds(run.manifest.started))
        found = find_run(store, self.run.digest)
        if found is not None and self._is_another(store, found):
            store.client.delete_run(found)  # MLflow keeps it among the deleted ones
            found = None
        if found is None:
            created = store.client.create_run(
                store.experiment_id,
                start_time=started,
                run_name=names.value(self.run.manifest.name, names.NAME_LENGTH),
                tags={record.DIGEST_TAG: self.run.digest, record.STATE_TAG: record.RUNNING},
            )
            found = str(created.info.run_id)
        elif not self.run.is_finished:
            store.client.update_run(found, status="RUNNING")
        from mlflow.entities import Param, RunTag

        tags = _read(self.run, record.tags)
        if self.sweep is not None:
            tags |= {record.PARENT_TAG: self.sweep, record.SWEEP_TAG: self.sweep}
        store.client.log_batch(found, tags=[RunTag(key, value) for key, value in tags.items()])
        described = _read(self.run, lambda run: record.parameters(run.config))
        for batch in batches(list(described.items()), PARAMETERS_A_BATCH):
            store.client.log_batch(found, params=[Param(key, value) for key, value in batch])
        dataset = self._dataset()
        store.client.log_inputs(found, datasets=_read(self.run, lambda run: record.dataset_inputs(run, dataset)))
        return found

    def _is_another(self, store: Store, run_id: str) -> bool:
        """Whether the store has an earlier training of the same digest, whole, which this one has replaced."""
        tags = store.client.get_run(run_id).data.tags
        if tags.get(record.STATE_TAG) != record.COMPLETE:
            return False
        return not self.run.is_finished or tags.get(record.SEAL_TAG) != record.seal(self.run)

    def _dataset(self) -> Dataset | None:
        try:
            return dataset_of(self.run, self.work_dir)
        except ArtifactError:
            return None


def find_run(store: Store, digest: str) -> str | None:
    """MLflow's id of the run with ``digest`` in the store's experiment, or None."""
    found = store.client.search_runs([store.experiment_id], f"tags.`{record.DIGEST_TAG}` = '{digest}'", max_results=1)
    return str(found[0].info.run_id) if found else None


def _read(run: Run, what: Callable[[Run], T]) -> T:
    """``what`` of the run's files.

    Raises:
        ArtifactError: they are not what this program writes.
    """
    try:
        return what(run)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ArtifactError(f"{run.path}: not a run as this program writes them ({error!r})") from None
