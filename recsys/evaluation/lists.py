"""What top lists are like beyond hitting the target: how much of the catalog, how new, how popular, how alike."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recsys.evaluation.baselines.events import TrainingEvents

# How alike items are is counted from at most so many events, and looked at in at most so many lists: those of users,
# and those lists, that a fixed seed draws, so that two models are described by the same.
EVENTS, LISTS = 1_000_000, 10_000
LISTS_AT_ONCE = 1024
DESCRIPTIONS = ("coverage", "novelty", "popularity", "diversity")  # before the @ of what is told of lists


class ListDescriber:
    """Describes lists by what the training events say of their items, so that figures of two models mean the same.

    Args:
        items: ids ``1..items`` are the catalog.
    """

    def __init__(self, events: TrainingEvents, items: int) -> None:
        self.counts = np.bincount(events.sequences.items[events.flat], minlength=items + 1)[: items + 1]
        self._seen_by = _seen_by(events, items)

    def __call__(self, top: npt.NDArray[np.int32], scores: npt.NDArray[np.float32]) -> dict[str, float]:
        """Coverage, novelty, popularity and diversity of recommended lists.

        Args:
            top, scores: ``[lists, k]``, as ``top_items`` gives them; a score of −inf is no recommendation.

        Returns:
            ``coverage@k`` (share of the catalog that is in any list), ``novelty@k`` (mean self-information in bits,
            with one event added to every item), ``popularity@k`` (mean count of what is recommended over the mean
            count of what training events touch; above 1 leans to hits) and ``diversity@k`` (one minus the mean cosine
            between the sets of users who touched two items of a list: 1 where nobody touched both, 0 where all did).
        """
        counts, k, real = self.counts, top.shape[1], np.isfinite(scores)
        shares = (counts + 1.0) / (counts[1:] + 1.0).sum()
        touched = (counts.astype(np.float64) ** 2).sum() / max(counts.sum(), 1)
        looked_at = np.sort(np.random.default_rng(0).permutation(len(top))[:LISTS])
        alike = np.concatenate([*self._likeness(top[looked_at], real[looked_at]), np.zeros(0)])
        return {
            f"coverage@{k}": len(np.unique(top[real])) / (len(counts) - 1),
            f"novelty@{k}": float(-np.log2(shares[top[real]]).mean()),
            f"popularity@{k}": float(counts[top[real]].mean() / max(touched, 1e-12)),
            f"diversity@{k}": float(1.0 - alike.mean()) if len(alike) else 0.0,
        }

    def _likeness(self, top: npt.NDArray[np.int32], real: npt.NDArray[np.bool_]) -> Iterator[npt.NDArray[np.float64]]:
        """The mean cosine of each list's pairs; lists of one item have none."""
        for first in range(0, len(top), LISTS_AT_ONCE):
            some = real[first : first + LISTS_AT_ONCE]
            rows, places = np.nonzero(some)
            columns = top[first + rows, places]
            lists = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(some), len(self.counts)))
            # Of unit vectors the square of their sum is the cosine of all pairs, each with itself and twice the others.
            sums = (lists @ self._seen_by).power(2).sum(axis=1)
            own = lists @ np.asarray(self._seen_by.power(2).sum(axis=1)).ravel()
            pairs = some.sum(axis=1) * (some.sum(axis=1) - 1)
            yield (np.asarray(sums).ravel() - own)[pairs > 0] / pairs[pairs > 0]


def _seen_by(events: TrainingEvents, items: int) -> sparse.csr_array:
    """Each item's users as a vector of length 1, or 0 where nobody drawn touched it: ``[items + 1, users]``."""
    lengths = events.ends - events.starts
    order = np.random.default_rng(0).permutation(len(lengths))
    drawn = np.sort(order[np.cumsum(lengths[order]) <= max(EVENTS, lengths.max(initial=0))])
    touched = events.touched()[drawn, : items + 1].T.tocsr()
    norms = np.sqrt(np.asarray(touched.sum(axis=1), np.float64)).ravel()
    return sparse.csr_array(sparse.diags_array(1.0 / np.maximum(norms, 1.0)) @ touched)
