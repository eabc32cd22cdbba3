"""Bundles in MLflow: their files beside their run, their size, latency and quality as its metrics."""

from pathlib import Path

from recsys.bundle import Bundle
from recsys.core.artifact import artifacts
from recsys.core.digests import sha256_file
from recsys.core.errors import ArtifactError
from recsys.core.schema import BUNDLES_DIR, MANIFEST
from recsys.experiments.measured_run import MeasuredRun
from recsys.terminal import say
from recsys.tracking.models.bundle_model import log_bundle_model
from recsys.tracking.store.errors import store_errors
from recsys.tracking.store.store import Store
from recsys.tracking.upload import record
from recsys.tracking.upload.points import Point, numbers

_TAG = "recsys.bundle."  # with the variant's name: the SHA-256 of the manifest that the store has, and so of all files


def send_bundles(store: Store, runs: list[MeasuredRun], work_dir: Path) -> int:
    """Send the newest bundle of each variant of ``runs`` that the store lacks; returns how many. A damaged one is told.

    Raises:
        StoreError: the store is away.
    """
    by_digest = {run.digest: run for run in runs}
    newest: dict[tuple[str, str], Bundle] = {}
    found = [path for group in (work_dir / BUNDLES_DIR).glob("*") for path in artifacts(group)]
    for path in sorted(found, key=lambda path: ((path / MANIFEST).stat().st_mtime_ns, path)):
        try:
            bundle = Bundle(path, verify=False)
            newest[bundle.manifest.run_digest, bundle.manifest.variant] = bundle
        except (ArtifactError, OSError) as error:
            say(f"mlflow: {path} is left out: {error}")
    sent = 0
    for (digest, variant), bundle in newest.items():
        run = by_digest.get(digest)
        if run is not None and run.tags.get(_TAG + variant) != sha256_file(bundle.path / MANIFEST):
            try:
                whole = Bundle(bundle.path)
            except ArtifactError as error:
                say(f"mlflow: {bundle.path} is left out: {error}")
                continue
            with store_errors(store.place):
                _send(store, run, whole)
            sent += 1
    return sent


def _send(store: Store, run: MeasuredRun, bundle: Bundle) -> None:
    from mlflow.entities import Metric

    about, digest = bundle.manifest, sha256_file(bundle.path / MANIFEST)
    when = (bundle.path / MANIFEST).stat().st_mtime_ns // 1_000_000
    measured = {"bytes": bundle.device_bytes, **about.measured}
    points = numbers({"bundle": {about.variant: measured}})
    metrics = [Metric(record.metric_key(key), value, when, 0) for key, value in points]
    store.client.log_batch(run.run_id, metrics=metrics)
    store.client.log_artifacts(run.run_id, str(bundle.path), f"bundle/{about.variant}")
    own = [Point(record.metric_key(key), value, 0, when) for key, value in numbers(measured)]
    log_bundle_model(store, run, bundle, own)
    store.client.set_tag(run.run_id, _TAG + about.variant, digest)
