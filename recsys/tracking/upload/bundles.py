"""Bundles in MLflow: their files beside their run, their size, latency and quality as its metrics, and a model each.

The metrics of a bundle's logged model stand in a run of its own below the run that was exported: in that run's own
list, those of one variant would take the place of another's.
"""

from collections.abc import Sequence
from pathlib import Path

from recsys.bundle import Bundle
from recsys.core.artifact import artifacts
from recsys.core.digests import sha256_file
from recsys.core.errors import ArtifactError
from recsys.core.schema import BUNDLES_DIR, MANIFEST
from recsys.experiments.measured_run import MeasuredRun, numbers
from recsys.storage.copies import fetch_below
from recsys.terminal import say
from recsys.tracking.models.model import send_files, without_tracking
from recsys.tracking.store.errors import store_errors
from recsys.tracking.store.store import Store
from recsys.tracking.upload import record
from recsys.tracking.upload.points import Point, log_points

BUNDLE_TAG = "recsys.bundle_of"  # of the run below: the run and the variant
_TAG = "recsys.bundle."  # with the variant's name: the SHA-256 of the manifest that the store has, and so of all files


def send_bundles(store: Store, runs: list[MeasuredRun], work_dir: Path) -> int:
    """Send the newest bundle of each variant of ``runs`` that the store lacks; a damaged one is told.

    Returns:
        how many were sent.
    """
    by_digest = {run.digest: run for run in runs}
    newest: dict[tuple[str, str], Bundle] = {}
    for damage in fetch_below(work_dir / BUNDLES_DIR):
        say(f"mlflow: left out: {damage}")
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
    _log_model(store, run, bundle, own)
    store.client.set_tag(run.run_id, _TAG + about.variant, digest)


def _log_model(store: Store, run: MeasuredRun, bundle: Bundle, points: Sequence[Point]) -> None:
    """Log ``bundle`` as a model of its format, in place of an earlier one of its variant.

    Args:
        run: that the bundle was made of.
        points: what was measured of the bundle; ``validation/…`` and ``test/…`` are linked to those splits.
    """
    client, variant = store.client, bundle.manifest.variant
    export = _export_run(store, run, variant, points[0].milliseconds)
    for earlier in client.search_logged_models([store.experiment_id], f"source_run_id = '{export}'"):
        client.delete_logged_model(earlier.model_id)
    made = client.create_logged_model(
        store.experiment_id,
        name=f"bundle-{variant}",
        source_run_id=export,
        tags={record.DIGEST_TAG: run.digest},
        params={**without_tracking(run.parameters), "export.variant": variant},
        model_type=bundle.manifest.model_format,
    )
    send_files(store, export, made, bundle.path)
    for point in points:
        split = point.key.partition("/")[0]
        linked = (record.split_name(run.data, split), run.dataset_digest) if split in ("validation", "test") else None
        log_points(store, export, [point], model_id=made.model_id, dataset=linked)
    client.set_terminated(export, "FINISHED", points[0].milliseconds)


def _export_run(store: Store, run: MeasuredRun, variant: str, when: int) -> str:
    key = f"{run.digest} {variant}"
    found = store.client.search_runs([store.experiment_id], f"tags.`{BUNDLE_TAG}` = '{key}'", max_results=1)
    if found:
        return str(found[0].info.run_id)
    tags = {
        BUNDLE_TAG: key,
        record.PARENT_TAG: run.run_id,
        "mlflow.source.name": "recsys export",
        "mlflow.source.type": "LOCAL",
    }
    return str(store.client.create_run(store.experiment_id, when, tags, f"{run.name}-{variant}").info.run_id)
