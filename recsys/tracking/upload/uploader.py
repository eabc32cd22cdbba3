"""One run's way into one store: what has arrived is remembered, and sending twice changes nothing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.config.tracking import TrackingConfig
from recsys.core.errors import ArtifactError
from recsys.core.locks import exclusive
from recsys.core.schema import MANIFEST
from recsys.terminal import say
from recsys.tracking.models.card import model_card
from recsys.tracking.store import names
from recsys.tracking.store.destination import destination
from recsys.tracking.store.store import Store, StoreError, open_store, store_errors
from recsys.tracking.upload import record
from recsys.tracking.upload.datasets import dataset_input, dataset_of

if TYPE_CHECKING:
    from mlflow.entities import Metric

T = TypeVar("T")

METRICS_A_BATCH = 500
PARAMETERS_A_BATCH = 100
FILES_DIR = "run"  # where in a run's artifacts its files lie
PLOTS_DIR = "plots"
RUN_FILES = (MANIFEST, "config.json", "history.jsonl", "metrics.json", "ranks.parquet", "environment.txt")


class Uploader:
    """One run's way into one store. Remembers what has arrived, so that an epoch is sent once."""

    def __init__(self, run: Run, tracking: TrackingConfig, work_dir: Path, parent: str | None = None) -> None:
        self.run = run
        self.tracking = tracking
        self.work_dir = work_dir
        self.parent = parent
        self._store: Store | None = None
        self._id: str | None = None
        self._epochs_sent = 0
        self._whole: tuple[list[record.Point], str] | None = None

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
        if self._whole is None and self.run.is_finished:
            self._whole = _read(self.run, _final)
        try:
            # One sender at a time; the run's own directory is the lock of the process that trains it.
            with store_errors(destination(self.tracking, self.work_dir)), exclusive(self.run.plots_dir):
                return self._send(list(samples), killed)
        except StoreError:
            self._store = None
            raise

    def _send(self, samples: "list[Metric]", killed: bool) -> str:
        store = self._store = self._store or open_store(self.tracking, self.work_dir)
        self._id = self._id or self._start(store)
        points = [point for point in _read(self.run, record.epoch_points) if point.step > self._epochs_sent]
        self._points(store, self._id, points)
        self._epochs_sent = max((point.step for point in points), default=self._epochs_sent)
        for batch in _batches(samples, METRICS_A_BATCH):
            store.client.log_batch(self._id, metrics=batch)
        if self._whole is not None:
            self._finish(store, self._id)
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
                run_name=record.title(self.run),
                tags={record.DIGEST_TAG: self.run.digest, record.STATE_TAG: "running"},
            )
            found = str(created.info.run_id)
        elif not self.run.is_finished:
            store.client.update_run(found, status="RUNNING")
        from mlflow.entities import Param, RunTag

        tags = _read(self.run, record.tags)
        if self.parent is not None:
            tags[record.PARENT_TAG] = self.parent
        store.client.log_batch(found, tags=[RunTag(key, value) for key, value in tags.items()])
        described = _read(self.run, lambda run: record.parameters(run.config))
        for batch in _batches(list(described.items()), PARAMETERS_A_BATCH):
            store.client.log_batch(found, params=[Param(key, value) for key, value in batch])
        dataset = self._dataset()
        store.client.log_inputs(found, datasets=[_read(self.run, lambda run: dataset_input(run, dataset))])
        return found

    def _is_another(self, store: Store, run_id: str) -> bool:
        """Whether the store has an earlier training of the same digest, whole, which this one has replaced."""
        tags = store.client.get_run(run_id).data.tags
        if tags.get(record.STATE_TAG) != "complete":
            return False
        return not self.run.is_finished or tags.get(record.SEAL_TAG) != record.seal(self.run)

    def _finish(self, store: Store, run_id: str) -> None:
        client = store.client
        tags = client.get_run(run_id).data.tags
        if tags.get(record.STATE_TAG) == "complete":
            if record.MODEL_TAG in tags:
                self._send_model(store, run_id, lacking=True)
            return
        assert self._whole is not None
        points, card = self._whole
        self._points(store, run_id, points)
        for name in RUN_FILES:
            client.log_artifact(run_id, str(self.run.path / name), FILES_DIR)
        for plot in sorted(self.run.plots_dir.glob("*.png")):
            client.log_artifact(run_id, str(plot), PLOTS_DIR)
        self._send_model(store, run_id)
        client.set_tag(run_id, "mlflow.note.content", names.value(card, names.TAG_LENGTH))
        finished = _read(self.run, lambda run: record.milliseconds(str(run.manifest.finished)))
        client.set_terminated(run_id, "FINISHED", finished)
        client.set_tag(run_id, record.SEAL_TAG, record.seal(self.run))
        client.set_tag(run_id, record.STATE_TAG, "complete")

    def _send_model(self, store: Store, run_id: str, *, lacking: bool = False) -> None:
        """The model, with the items that it ranks; where their dataset is gone the run is as good without it."""
        if not (self.tracking.log_model and self.run.config["tracking"]["log_model"]):
            return
        try:
            dataset = dataset_of(self.run, self.work_dir)
        except ArtifactError as error:
            say(f"mlflow: {self.run.path}: without its model, which recsys promote needs: {error}")
            if not lacking:
                store.client.set_tag(run_id, record.MODEL_TAG, names.value(str(error), names.TAG_LENGTH))
            return
        from recsys.tracking.models.model import log_model

        log_model(store, run_id, self.run, dataset)
        if lacking:
            store.client.delete_tag(run_id, record.MODEL_TAG)

    def _dataset(self) -> Dataset | None:
        try:
            return dataset_of(self.run, self.work_dir)
        except ArtifactError:
            return None

    def _points(self, store: Store, run_id: str, points: list[record.Point]) -> None:
        from mlflow.entities import Metric

        for batch in _batches(points, METRICS_A_BATCH):
            metrics = [Metric(p.key, p.value, p.milliseconds, p.step) for p in batch]
            store.client.log_batch(run_id, metrics=metrics)


def find_run(store: Store, digest: str) -> str | None:
    """MLflow's id of the run with ``digest`` in the store's experiment, or None."""
    found = store.client.search_runs([store.experiment_id], f"tags.`{record.DIGEST_TAG}` = '{digest}'", max_results=1)
    return str(found[0].info.run_id) if found else None


def _final(run: Run) -> tuple[list[record.Point], str]:
    """What a finished run reached, and its card; every one of its files is the one that it sealed."""
    run.verify()
    missing = [name for name in RUN_FILES if not (run.path / name).is_file()]
    if missing or set(run.digest) - set("0123456789abcdef"):
        raise ValueError(f"files missing: {missing}, digest {run.digest!r}")
    return record.final_points(run), model_card(run)


def _read(run: Run, what: Callable[[Run], T]) -> T:
    """``what`` of the run's files.

    Raises:
        ArtifactError: they are not what this program writes.
    """
    try:
        return what(run)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ArtifactError(f"{run.path}: not a run as this program writes them ({error!r})") from None


def _batches(values: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(values), size):
        yield list(values[start : start + size])
