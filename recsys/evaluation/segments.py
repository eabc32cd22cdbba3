"""Metrics by kind of target: how active the user, how popular the item, how long since the event before."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.evaluation.metrics import summarize

DAY_MS = 86_400_000
GAP_EDGES = {"tie": 1, "same_day": DAY_MS, "same_week": 7 * DAY_MS, "later": np.iinfo(np.int64).max}
ACTIVITY, POPULARITY = ("short", "medium", "long"), ("tail", "middle", "head")
SEGMENTS: dict[str, tuple[str, ...]] = {"activity": ACTIVITY, "popularity": POPULARITY, "gap": tuple(GAP_EDGES)}


def _by_edges(values: npt.NDArray[Any], edges: dict[str, int]) -> npt.NDArray[np.object_]:
    """The name of the first edge that each value is below."""
    place = np.minimum(np.searchsorted(list(edges.values()), values, side="right"), len(edges) - 1)
    return _named(list(edges), place)


def _by_thirds(values: npt.NDArray[Any], names: tuple[str, str, str]) -> npt.NDArray[np.object_]:
    """Low, middle and high thirds of the values; equal values stay together."""
    low, high = np.quantile(values, [1 / 3, 2 / 3])
    return _named(list(names), (values > low).astype(int) + (values > high))


def _named(names: list[str], place: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.object_]:
    labels: npt.NDArray[np.object_] = np.array(names, dtype=object)[place]
    return labels


def label(ranks: pd.DataFrame) -> dict[str, npt.NDArray[np.object_]]:
    """Each segmentation's label of every row of a run's ranks."""
    return {
        "activity": _by_thirds(ranks["history_length"].to_numpy(), ACTIVITY),
        "popularity": _by_thirds(ranks["target_count"].to_numpy(), POPULARITY),
        "gap": _by_edges(ranks["gap_ms"].to_numpy(), GAP_EDGES),
    }


def summarize_segments(ranks: pd.DataFrame, ks: tuple[int, ...]) -> dict[str, dict[str, dict[str, float]]]:
    """``{"activity": {"short": {"targets": n, "ndcg@10": …}, …}, …}`` for one split of a run's ranks."""
    out: dict[str, dict[str, dict[str, float]]] = {}
    for name, labels in label(ranks).items():
        out[name] = {}
        for value in sorted(set(labels)):
            own = ranks["rank"].to_numpy()[labels == value]
            out[name][value] = {"targets": float(len(own)), **summarize(own, ks)}
    return out
