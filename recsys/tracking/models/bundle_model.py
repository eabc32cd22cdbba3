"""A bundle among MLflow's models: one logged model a variant, with its size, its latency and its quality.

Its metrics stand in a run of its own below the run that was exported: in that run's own list, those of one variant
would take the place of another's.
"""

from typing import TYPE_CHECKING

from recsys.bundle import Bundle
from recsys.experiments.measured_run import MeasuredRun
from recsys.tracking.models.model import send_files, without_tracking
from recsys.tracking.store.store import Store
from recsys.tracking.upload import record
from recsys.tracking.upload.points import log_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recsys.tracking.upload.points import Point

TFLITE = "tflite"
BUNDLE_TAG = "recsys.bundle_of"  # of the run below: the run and the variant


def log_bundle_model(store: Store, run: MeasuredRun, bundle: Bundle, points: "Sequence[Point]") -> str:
    """Log ``bundle`` as a model, in place of an earlier one of its variant; returns its ``models:/…`` address.

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
        model_type=TFLITE,
    )
    address = send_files(store, export, made, bundle.path)
    for point in points:
        split = point.key.partition("/")[0]
        linked = (record.split_name(run.data, split), run.dataset_digest) if split in ("validation", "test") else None
        log_points(store, export, [point], model_id=made.model_id, dataset=linked)
    client.set_terminated(export, "FINISHED", points[0].milliseconds)
    return address


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
