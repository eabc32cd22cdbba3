"""Bring what a work directory holds into MLflow: the directory is the truth, the store a copy of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from recsys.artifacts.run import Run
from recsys.config.tracking import TrackingConfig
from recsys.core.artifact import artifacts
from recsys.core.errors import ArtifactError, RecsysError
from recsys.core.schema import RUNS_DIR
from recsys.experiments.measured_run import MeasuredRun
from recsys.storage.copies import fetch_below
from recsys.terminal import say
from recsys.tracking.runs import complete_runs
from recsys.tracking.store.errors import StoreError
from recsys.tracking.store.store import Store, find_store, open_store
from recsys.tracking.upload import record
from recsys.tracking.upload.bundles import send_bundles
from recsys.tracking.upload.evaluations import send_evaluations
from recsys.tracking.upload.uploader import Uploader


def sync(run: Run, tracking: TrackingConfig, work_dir: Path) -> str:
    """Send all that the store lacks of ``run``, finished or not; returns MLflow's id for it.

    Raises:
        StoreError: the store is away; call again when it is back.
        ArtifactError: the run is damaged.
    """
    return Uploader(run, tracking, work_dir).send()


def sync_work_dir(tracking: TrackingConfig, work_dir: Path) -> tuple[Store | None, list[MeasuredRun]]:
    """Send every finished run, further evaluation and bundle of ``work_dir`` that the store lacks.

    Where there is neither a store nor anything to send, none is made. A run or bundle that cannot be read is left out,
    and told; so is what the store does not take: what it has can be looked at all the same.

    Returns:
        the store, or None where there is none, and all complete runs in it.

    Raises:
        StoreError: the store is away.
    """
    store = find_store(tracking, work_dir)
    runs = [] if store is None else complete_runs(store)
    lacking = list(unsent(work_dir / RUNS_DIR, runs))
    if store is None:
        if not lacking:
            return None, []
        store = open_store(tracking, work_dir)
    if _send_all(lacking, tracking, work_dir):
        runs = complete_runs(store)
    try:
        if send_evaluations(store, runs, work_dir) + send_bundles(store, runs, work_dir):
            runs = complete_runs(store)
    except StoreError as error:
        say(f"mlflow: further evaluations and bundles are not sent: {error}")
    return store, runs


def _send_all(runs: Sequence[Run], tracking: TrackingConfig, work_dir: Path) -> int:
    """How many were sent; what stops one run stops no other, but a store that refuses is asked no further."""
    sent = 0
    for run in runs:
        try:
            Uploader(run, tracking, work_dir).send()
            sent += 1
        except ArtifactError as error:
            say(f"mlflow: {run.path} is left out: {error}")
        except StoreError as error:
            say(f"mlflow: {len(runs) - sent} runs are not sent and left out: {error}")
            break
    return sent


def sync_if_possible(run: Run, tracking: TrackingConfig, work_dir: Path) -> None:
    """Send one finished run with its evaluations and bundles; what cannot be sent now is told, for the work is done."""
    if not tracking.enabled:
        return
    try:
        sync(run, tracking, work_dir)
        store = open_store(tracking, work_dir)
        stored = [one for one in complete_runs(store) if one.digest == run.digest]
        send_evaluations(store, stored, work_dir)
        send_bundles(store, stored, work_dir)
    except RecsysError as error:
        say(f"mlflow: {error}; recsys compare sends it later")


def unsent(runs_dir: Path, arrived: Sequence[MeasuredRun]) -> Iterator[Run]:
    """The finished runs below ``runs_dir`` that have not arrived whole; those that were to stay here are left out.

    A directory that cannot be read as a run is told and passed over.
    """
    whole = [run for run in arrived if run.is_trial or record.MODEL_TAG not in run.tags]
    seals = {run.digest: run.tags.get(record.SEAL_TAG) for run in whole}
    for damage in fetch_below(runs_dir):
        say(f"mlflow: left out: {damage}")
    for path in artifacts(runs_dir):
        run = Run(path)
        try:
            lacks = run.is_finished and run.config["tracking"]["enabled"] and seals.get(run.digest) != record.seal(run)
        except (ArtifactError, KeyError, TypeError, ValueError, OSError) as error:
            told = error if isinstance(error, ArtifactError) else f"not a run as this program writes them ({error!r})"
            say(f"mlflow: {path} is left out: {told}")
            continue
        if lacks:
            yield run
