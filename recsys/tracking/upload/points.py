"""Metrics into the store, in batches that it takes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from recsys.tracking.store.store import Store
from recsys.tracking.upload.record import Point

METRICS_A_BATCH = 500

T = TypeVar("T")


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
