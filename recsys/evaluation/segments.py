"""Metrics by kind of target: how active the user, how popular or new the item, how long since the event before, and of
which type the event.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.core.errors import ArtifactError
from recsys.core.schema import USER
from recsys.evaluation.cold_ranks import COLD_ITEMS, COLD_RANK
from recsys.evaluation.evaluate import TARGET_TYPE
from recsys.evaluation.metrics import summarize
from recsys.evaluation.significance import bootstrap_interval, metric_values

KEY = [USER, "target"]
SHOWN = ("hr@10", "ndcg@10")
DAY_MS = 86_400_000
GAP_EDGES = {"tie": 1, "same_day": DAY_MS, "same_week": 7 * DAY_MS, "later": np.iinfo(np.int64).max}
SEGMENTS = {
    "activity": ("short", "medium", "long"),
    "popularity": ("tail", "middle", "head"),
    "novelty": ("cold", "warm"),
    "gap": ("first", *GAP_EDGES),
}


def label(ranks: pd.DataFrame) -> dict[str, npt.NDArray[np.object_]]:
    """Each segmentation's label of every row of a run's ranks; by type only where several types are predicted, novelty
    only where some items had no events before.
    """
    below = np.searchsorted(list(GAP_EDGES.values()), ranks["gap_ms"], side="right")  # the first edge that it is below
    gap = np.where(ranks["history_length"] > 0, 1 + np.minimum(below, len(GAP_EDGES) - 1), 0)
    places = {
        "activity": _thirds(ranks["history_length"]),
        "popularity": _thirds(ranks["target_count"]),
        "gap": gap,
    }
    cold = ranks["target_count"] == 0
    if cold.any() and not cold.all():
        places["novelty"] = np.where(cold, 0, 1)
    labels = {kind: np.array(SEGMENTS[kind], dtype=object)[place] for kind, place in places.items()}
    return labels | ({"type": ranks[TARGET_TYPE].to_numpy(object)} if TARGET_TYPE in ranks else {})


def _thirds(values: "pd.Series[Any]") -> npt.NDArray[np.integer[Any]]:
    """0, 1 or 2: in which third each value is; equal values stay together."""
    low, high = np.quantile(values, [1 / 3, 2 / 3])
    return np.asarray((values > low).astype(int) + (values > high))


def compare_segments(seeds: Sequence[pd.DataFrame], baselines: dict[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """HR@10 and NDCG@10 by kind of target: the model's as means over its seeds, beside those of baselines.

    Args:
        seeds: the ranks of one split, a table a seed; ``baselines`` those of each by its name, all in one order.

    Returns:
        ``{"activity": {"short": {"targets", "users", "model": {"ndcg@10": {"mean", "low", "high"}, …}, "baselines":
        {name: …}}, …}, …}``; ``low`` and ``high`` bound the mean, over users, with 95 % confidence. Where targets are
        cold, ``novelty`` has ``among_cold``, too: the same ranked among the cold items alone, beside ``random``, what
        any order of those reaches on average.

    Raises:
        ArtifactError: not the same targets in one order.
    """
    first = seeds[0]
    for table in (*seeds, *baselines.values()):
        if not np.array_equal(table[KEY].to_numpy(), first[KEY].to_numpy()):
            raise ArtifactError("segments: these ranks are not of the same targets; evaluate the runs on one dataset")
    told: dict[str, dict[str, Any]] = {}
    for kind, labels in label(first).items():
        told[kind] = {}
        for value in (value for value in SEGMENTS.get(kind, sorted(set(labels))) if value in set(labels)):
            told[kind][value] = _compared(seeds, baselines, labels == value, "rank")
    if COLD_RANK in first and first[COLD_RANK].notna().any():
        told.setdefault("novelty", {})["among_cold"] = _among_cold(seeds, baselines)
    return told


def _compared(
    seeds: Sequence[pd.DataFrame], baselines: dict[str, pd.DataFrame], own: npt.NDArray[np.bool_], column: str
) -> dict[str, Any]:
    """The figures of the targets ``own``, by the ranks in ``column``."""
    users = seeds[0][USER].to_numpy()[own]

    def bounds(tables: Sequence[pd.DataFrame]) -> dict[str, Any]:
        ranks = [table[column].to_numpy()[own] for table in tables]
        return {name: _bounds([metric_values(one, name) for one in ranks], users) for name in SHOWN}

    found = {name: bounds([table]) for name, table in baselines.items()}
    return {"targets": len(users), "users": len(set(users)), "model": bounds(seeds), "baselines": found}


def _among_cold(seeds: Sequence[pd.DataFrame], baselines: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """The figures of cold targets among cold items, and the exact expectation of those of a random order."""
    own = seeds[0][COLD_RANK].notna().to_numpy()
    counts, users = (seeds[0][name].to_numpy()[own] for name in (COLD_ITEMS, USER))
    counts = counts.astype(np.int64)
    places = np.arange(1.0, counts.max() + 1)  # a random order puts a target at each of them alike
    random = {}
    for name in SHOWN:
        expected = np.cumsum(metric_values(places, name)) / places
        random[name] = _bounds([expected[counts - 1]], users)
    found = _compared(seeds, baselines, own, COLD_RANK)
    return {**found, "baselines": {"random": random, **found["baselines"]}}


def _bounds(values: Sequence[npt.NDArray[np.float64]], users: npt.NDArray[Any]) -> dict[str, float]:
    """The mean over targets of one metric, whose values are averaged over the seeds first."""
    averaged = np.mean(values, axis=0)
    interval = bootstrap_interval(averaged, users)
    return {"mean": float(averaged.mean()), "low": interval.low, "high": interval.high}


def summarize_segments(ranks: pd.DataFrame, ks: tuple[int, ...]) -> dict[str, dict[str, dict[str, float]]]:
    """``{"activity": {"short": {"targets": n, "users": n, "ndcg@10": …}, …}, …}`` for one split of a run's ranks."""
    out: dict[str, dict[str, dict[str, float]]] = {}
    for name, labels in label(ranks).items():
        out[name] = {}
        for value in sorted(set(labels)):
            own = ranks[labels == value]
            counts = {"targets": float(len(own)), "users": float(own[USER].nunique())}
            out[name][value] = {**counts, **summarize(own["rank"].to_numpy(), ks)}
    return out
