"""What top lists are like beyond hitting the target: how much of the catalog, how new, how popular, how alike."""

import numpy as np
import numpy.typing as npt


def describe_lists(
    top: npt.NDArray[np.int32],
    scores: npt.NDArray[np.float32],
    counts: npt.NDArray[np.int64],
    vectors: npt.NDArray[np.float32],
) -> dict[str, float]:
    """Coverage, novelty, popularity and diversity of recommended lists.

    Args:
        top, scores: ``[lists, k]``, as ``top_items`` gives them; a score of −inf is no recommendation.
        counts: ``[items + 1] int64``, training events of each item.
        vectors: ``[table, width]`` item embeddings.

    Returns:
        ``coverage@k`` (share of the catalog that is in any list), ``novelty@k`` (mean self-information in bits,
        with one event added to every item), ``popularity@k`` (mean count of what is recommended over the mean count
        of what training events touch; above 1 leans to hits) and ``diversity@k`` (mean cosine distance in a list).
    """
    items, k = len(counts) - 1, top.shape[1]
    real = np.isfinite(scores)
    shares = (counts + 1.0) / (counts[1:] + 1.0).sum()
    touched = (counts.astype(np.float64) ** 2).sum() / max(counts.sum(), 1)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    sums = np.linalg.norm((unit[top] * real[:, :, None]).sum(axis=1), axis=1) ** 2  # Σᵢⱼ cos, i = j included
    lengths = real.sum(axis=1)
    pairs = lengths * (lengths - 1)
    alike = (sums - lengths)[pairs > 0] / pairs[pairs > 0]
    return {
        f"coverage@{k}": len(np.unique(top[real])) / items,
        f"novelty@{k}": float(-np.log2(shares[top[real]]).mean()),
        f"popularity@{k}": float(counts[top[real]].mean() / max(touched, 1e-12)),
        f"diversity@{k}": float(1.0 - alike.mean()) if len(alike) else 0.0,
    }
