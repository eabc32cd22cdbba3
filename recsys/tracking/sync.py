"""Bring what a work directory holds into MLflow: the directory is the truth, the store its mirror."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from recsys.artefact import artefacts
from recsys.config.tracking import TrackingConfig
from recsys.errors import RecsysError
from recsys.run import Run
from recsys.schema import RUNS_DIR
from recsys.terminal import say
from recsys.tracking import record
from recsys.tracking.bundles import send_bundles
from recsys.tracking.runs import StoredRun, complete_runs
from recsys.tracking.sender import Sender
from recsys.tracking.store import open_store


def sync(run: Run, tracking: TrackingConfig, work_dir: Path) -> str:
    """Send all that the store lacks of ``run``, finished or not; returns MLflow's id for it.

    Raises:
        StoreError: the store is away; call again when it is back.
    """
    return Sender(run, tracking, work_dir).send()


def sync_work_dir(tracking: TrackingConfig, work_dir: Path) -> list[StoredRun]:
    """Send every finished run and bundle of ``work_dir`` that the store lacks; returns all complete runs in it.

    Raises:
        StoreError: the store is away; what could not be sent stays where it is.
    """
    store = open_store(tracking, work_dir)
    runs = complete_runs(store)
    sent = 0
    for run in unsent(work_dir / RUNS_DIR, runs):
        Sender(run, tracking, work_dir).send()
        sent += 1
    runs = complete_runs(store) if sent else runs
    return complete_runs(store) if send_bundles(store, runs, work_dir) else runs


def sync_if_possible(run: Run, tracking: TrackingConfig, work_dir: Path) -> None:
    """Send one finished run and its bundles; what cannot be sent now is only told, for the work itself is done."""
    if not tracking.enabled:
        return
    try:
        sync(run, tracking, work_dir)
        store = open_store(tracking, work_dir)
        send_bundles(store, [one for one in complete_runs(store) if one.digest == run.digest], work_dir)
    except RecsysError as error:
        say(f"mlflow: {error}; recsys compare sends it later")


def unsent(runs_dir: Path, arrived: Sequence[StoredRun]) -> Iterator[Run]:
    """The finished runs below ``runs_dir`` that have not arrived whole; those that were to stay here are left out."""
    seals = {run.digest: run.tags.get(record.SEAL_TAG) for run in arrived}
    for path in artefacts(runs_dir):
        run = Run(path)
        if run.is_finished and run.config["tracking"]["enabled"] and seals.get(run.digest) != record.seal(run):
            yield run
