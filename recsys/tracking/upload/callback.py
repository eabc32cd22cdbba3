"""What logs a run to MLflow while it trains, and never gets in its way.

A thread of its own reads the run directory and sends; a store that is away is asked again with growing pauses.
What could not be sent stays in the run directory and is sent by the next ``recsys train`` or ``recsys compare``.
"""

import logging
import threading
import time
from pathlib import Path
from typing import Any

from recsys.artifacts.run import Run
from recsys.config.tracking import TrackingConfig
from recsys.core.errors import ArtifactError
from recsys.tracking.store.destination import announce
from recsys.tracking.store.errors import StoreError
from recsys.tracking.upload.system import SystemMetrics
from recsys.tracking.upload.uploader import Uploader

log = logging.getLogger(__name__)

SAMPLE_SECONDS = 10.0  # between two looks at the machine
LONGEST_PAUSE = 60.0  # between two tries at a store that is away
PATIENCE_SECONDS = 30.0  # for a store that is away when training ends
IMPATIENCE_SECONDS = 3.0  # the same, when someone has broken it off


class MlflowCallback:
    """A ``RunCallback``; enter it around the training.

    Args:
        work_dir: where the default store lies.
        sweep: MLflow's id of the sweep that the run is a trial of.
        patience: seconds that ``on_end`` waits for a store that is away.
        uploader: what sends the run.

    Attributes:
        run_id: MLflow's id of the run, once the store has taken it.
    """

    def __init__(
        self,
        tracking: TrackingConfig,
        work_dir: Path,
        *,
        sweep: str | None = None,
        patience: float = PATIENCE_SECONDS,
        uploader: type[Uploader] = Uploader,
    ) -> None:
        self.tracking = tracking
        self.work_dir = work_dir
        self.sweep = sweep
        self.patience = patience
        self._uploader = uploader
        self.run_id: str | None = None
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._killed = threading.Event()
        self._thread: threading.Thread | None = None

    def on_start(self, run: Run, config: Any) -> None:
        """Begin to log ``run``; returns at once."""
        if not self.tracking.enabled:
            return
        announce(self.tracking, self.work_dir)
        uploader = self._uploader(run, self.tracking, self.work_dir, self.sweep)
        self._wake.set()
        self._thread = threading.Thread(target=self._work, args=(uploader,), name="mlflow-upload", daemon=True)
        self._thread.start()

    def on_epoch(self, run: Run, metrics: dict[str, float]) -> None:
        """The run's history has grown; returns at once."""
        self._wake.set()

    def on_end(self, run: Run) -> None:
        """Send what is left, for at most ``patience`` seconds when the store is away."""
        self._end()

    def _end(self) -> None:
        if self._thread is not None:
            self._ended.set()
            self._wake.set()
            self._thread.join()
            self._thread = None

    def __enter__(self) -> "MlflowCallback":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Where the training was broken off, send what there is and call the run killed; a later one may go on."""
        if kind is not None:
            self.patience = min(self.patience, IMPATIENCE_SECONDS)
            self._killed.set()
            self._end()

    def _work(self, uploader: Uploader) -> None:
        system = SystemMetrics() if self.tracking.system_metrics else None
        pause, retry_at, deadline = 1.0, 0.0, float("inf")
        while True:
            self._wake.wait(SAMPLE_SECONDS)
            self._wake.clear()
            ended = self._ended.is_set()
            if ended and deadline == float("inf"):
                deadline, retry_at = time.monotonic() + self.patience, 0.0
            if system is not None and not ended:
                system.sample()
            if time.monotonic() >= retry_at:
                try:
                    self.run_id = uploader.send(system.pending if system else (), killed=self._killed.is_set())
                except ArtifactError as error:
                    log.error("%s: not in MLflow: %s", uploader.run.path, error)
                    return
                except StoreError as error:
                    log.warning("%s; training goes on, asking again in %.0f s", error, pause)
                    retry_at, pause = time.monotonic() + pause, min(pause * 2, LONGEST_PAUSE)
                else:
                    pause, retry_at = 1.0, 0.0
                    if system is not None:
                        system.pending.clear()
                    if ended:
                        return
            if time.monotonic() >= deadline:
                log.warning("%s: not all of it is in MLflow; recsys compare sends the rest", uploader.run.path)
                return
            if ended:
                time.sleep(min(0.2, self.patience))
                self._wake.set()
