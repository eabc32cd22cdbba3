"""Ranking metrics from ranks. A rank is 1 for the best; ties share their mean rank, so it may be fractional."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt


def hit_rate(ranks: npt.NDArray[np.float64], k: int) -> npt.NDArray[np.float64]:
    """1 where the target is among the first ``k``: ``[n]`` to ``[n]``.

    >>> hit_rate(np.array([1.0, 10.0, 11.0]), 10).tolist()
    [1.0, 1.0, 0.0]
    """
    return (ranks <= k).astype(np.float64)


def ndcg(ranks: npt.NDArray[np.float64], k: int) -> npt.NDArray[np.float64]:
    """``1 / log2(1 + rank)`` among the first ``k``, else 0; one relevant item makes the ideal 1.

    >>> ndcg(np.array([1.0, 3.0, 11.0]), 10).tolist()  # 1 / log2(2), 1 / log2(4), beyond the tenth
    [1.0, 0.5, 0.0]
    """
    return np.where(ranks <= k, 1.0 / np.log2(1.0 + ranks), 0.0)


def reciprocal_rank(ranks: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """``1 / rank``, over the whole catalog.

    >>> reciprocal_rank(np.array([1.0, 4.0])).tolist()
    [1.0, 0.25]
    """
    return 1.0 / ranks


def summarize(ranks: npt.NDArray[np.float64], ks: Iterable[int]) -> dict[str, float]:
    """``{"hr@k", "ndcg@k", "map@k", …, "mrr"}``, means over ``ranks``; with one target, average precision is 1/rank."""
    metrics = {"mrr": float(reciprocal_rank(ranks).mean())}
    for k in ks:
        metrics[f"hr@{k}"] = float(hit_rate(ranks, k).mean())
        metrics[f"ndcg@{k}"] = float(ndcg(ranks, k).mean())
        metrics[f"map@{k}"] = float((hit_rate(ranks, k) * reciprocal_rank(ranks)).mean())
    return metrics
