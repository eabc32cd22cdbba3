"""What top lists are like beyond hitting the target: how much of the catalogue, how new, how popular, how alike."""

import numpy as np
import numpy.typing as npt

K = 10


def describe_lists(
    top: npt.NDArray[np.int32], counts: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32] | None
) -> dict[str, float]:
    """Coverage, novelty, popularity and diversity of recommended lists.

    Args:
        top: ``[lists, k] int32`` item ids, best first.
        counts: ``[table] int64``, training events of each item.
        vectors: ``[table, width]`` item embeddings, for diversity; None leaves it out.

    Returns:
        ``coverage@k`` (share of the catalogue that is in any list), ``novelty@k`` (mean self-information in bits,
        with one event added to every item), ``popularity@k`` (mean count of what is recommended over the mean count
        of what training events touch; above 1 leans to hits) and ``diversity@k`` (mean cosine distance in a list).
    """
    items, k = len(counts) - 1, top.shape[1]
    shares = (counts[1:] + 1.0) / (counts[1:] + 1.0).sum()
    touched = (counts.astype(np.float64) ** 2).sum() / max(counts.sum(), 1)
    found = {
        f"coverage@{k}": len(np.unique(top)) / items,
        f"novelty@{k}": float(-np.log2(shares[top - 1]).mean()),
        f"popularity@{k}": float(counts[top].mean() / max(touched, 1e-12)),
    }
    if vectors is not None and k > 1:
        unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        sums = np.linalg.norm(unit[top].sum(axis=1), axis=1) ** 2  # Σᵢⱼ cos, the k ones of the diagonal included
        found[f"diversity@{k}"] = float(1.0 - ((sums - k) / (k * (k - 1))).mean())
    return found
