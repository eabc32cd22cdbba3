"""What was measured of a run, as single values of metrics, and how they get into the store."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from recsys.artifacts.run import Run
from recsys.experiments.measured_run import numbers, reached
from recsys.tracking.store.store import Store
from recsys.tracking.upload.record import metric_key, milliseconds, split_name

METRICS_A_BATCH = 500

_COSTS = ("wall_seconds", "cpu_seconds", "peak_memory_bytes", "parameters", "multiply_adds")
# Which of the final metrics are the model's own, and on which split they were measured.
_SPLIT_OF = {"best/": "validation", "test/": "test"}

T = TypeVar("T")


@dataclass(frozen=True)
class Point:
    """One value of one metric."""

    key: str
    value: float
    step: int
    milliseconds: int


def epoch_points(run: Run) -> list[Point]:
    """Every epoch's metrics. The same history gives the same points, so that sending twice changes nothing."""
    clock = float(milliseconds(run.manifest.started))
    points = []
    for entry in run.history():
        step = int(entry["epoch"])
        clock += 1000 * entry["seconds"]
        when = round(clock)
        points += [Point(metric_key(key), value, step, when) for key, value in numbers(entry) if key != "epoch"]
    return points


def final_points(run: Run) -> list[Point]:
    """What the finished run reached and cost: ``best/``, ``test/``, ``baseline/``, ``segment/``, ``cost/``.

    Of a test that was not read there is nothing. They are of step 0, whatever epoch was chosen: MLflow draws a curve of
    any other step, among those of training.
    """
    manifest, metrics = run.manifest, run.metrics
    groups: dict[str, Any] = {
        **reached(metrics),
        "best": {**metrics["validation"], "epoch": metrics["epochs"]["best"]},
        "cost": {name: cost for name in _COSTS if (cost := getattr(manifest, name)) is not None},
    }
    when = milliseconds(str(manifest.finished))
    return [Point(metric_key(key), value, 0, when) for key, value in numbers(groups)]


def log_model_points(store: Store, run_id: str, points: Sequence[Point], model_id: str, data: str, digest: str) -> None:
    """Link what a run reached to its logged model and to the split it was measured on, of the data called ``data``."""
    for prefix, split in _SPLIT_OF.items():
        own = [point for point in points if point.key.startswith(prefix)]
        log_points(store, run_id, own, model_id=model_id, dataset=(split_name(data, split), digest))


def log_points(
    store: Store,
    run_id: str,
    points: Iterable[Point],
    *,
    model_id: str | None = None,
    dataset: tuple[str, str] | None = None,
) -> None:
    """Log ``points`` of a run; the same ones again change nothing.

    Args:
        model_id: the logged model that they were measured of.
        dataset: name and digest of the dataset that they were measured on.
    """
    from mlflow.entities import Metric

    name, digest = dataset or (None, None)
    for batch in batches(list(points), METRICS_A_BATCH):
        metrics = [
            Metric(
                one.key,
                one.value,
                one.milliseconds,
                one.step,
                model_id=model_id,
                dataset_name=name,
                dataset_digest=digest,
                run_id=run_id,
            )
            for one in batch
        ]
        store.client.log_batch(run_id, metrics=metrics)


def batches(values: Sequence[T], size: int) -> Iterator[list[T]]:
    """``values`` in lists of at most ``size``."""
    for start in range(0, len(values), size):
        yield list(values[start : start + size])
