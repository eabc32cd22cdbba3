"""The items that may be shown, as queries are held against them: the half of a score that needs no TensorFlow."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recsys.scoring.queries import Queries

if TYPE_CHECKING:  # TensorFlow, for whoever has a model already
    from recsys.models.memory import CountedTransitions
    from recsys.models.sasrec import SASRec

CHUNK = 65_536  # rows of transitions that are read at once


class ItemIndex:
    """Items in the order of their ids, and where others lead to them.

    Args:
        vectors: ``[rows, width] float32``, of the whole item table.
        shown: ``[m] int32``, ascending: the ids that are ranked.
        transitions: ``[rows, m]``, the shares of a memory's transitions to each; None without a memory.
        scale: what the memory multiplies shares by.

    Attributes:
        table: ``vectors``, of the whole item table.
        columns: ``[rows] int32``, each id's column in ``scores``, −1 of those that are not ranked.
    """

    def __init__(
        self,
        vectors: npt.NDArray[np.float32],
        shown: npt.NDArray[np.int32],
        transitions: sparse.csr_array | None = None,
        scale: float = 0.0,
    ) -> None:
        self.table, self.shown, self.columns = vectors, shown, columns_of(shown, len(vectors))
        whole = len(shown) and shown[-1] - shown[0] == len(shown) - 1  # a view, not a copy
        self.vectors = vectors[shown[0] : shown[-1] + 1] if whole else vectors[shown]
        self.transitions, self.scale = transitions, np.float32(scale)

    @classmethod
    def of(cls, model: "SASRec", shown: npt.NDArray[np.int32]) -> "ItemIndex":
        """The items of ``model`` with the ids ``shown``."""
        vectors = model.trained_items.vectors()
        if model.memory is None or model.transitions is None:
            return cls(vectors, shown)
        transitions = _transitions_to(columns_of(shown, len(vectors)), len(shown), model.transitions)
        return cls(vectors, shown, transitions, float(np.exp(model.memory.attention.log_scale.numpy())))

    def scores(self, queries: Queries) -> npt.NDArray[np.float32]:
        """Each item's score after each history, ``[n, m]``: as ``SASRec.score_all``, up to rounding."""
        scores: npt.NDArray[np.float32] = queries.vectors @ self.vectors.T
        if self.transitions is not None:
            count, newest = queries.newest.shape
            edges = np.arange(0, count * newest + 1, newest)
            cells = (queries.attention.ravel(), queries.newest.ravel(), edges)
            support = sparse.csr_array(cells, shape=(count, len(self.columns))) @ self.transitions
            weights = np.repeat(queries.weights[:, 0], np.diff(support.indptr))
            support.data = weights * np.log(1 + self.scale * support.data)
            # Transitions lead to few items; what the memory has nothing to say of keeps its score.
            scores = support + scores
        return scores


def columns_of(shown: npt.NDArray[np.int32], rows: int) -> npt.NDArray[np.int32]:
    """Each id's place among those that are ``shown``, ``[rows] int32``; −1 of all others."""
    columns = np.full(rows, -1, np.int32)
    columns[shown] = np.arange(len(shown), dtype=np.int32)
    return columns


def _transitions_to(columns: npt.NDArray[np.int32], shown: int, table: "CountedTransitions") -> sparse.csr_array:
    """Where each row of the item table leads to, of the items that are shown: ``[rows, shown]``."""
    most, edges = len(columns) * table.depth, np.zeros(len(columns) + 1, np.int64)
    indices, shares = np.empty(most, np.int32), np.empty(most, np.float32)  # what is not filled takes no memory
    for first in range(0, len(columns), CHUNK):
        ids = np.arange(first, min(first + CHUNK, len(columns)), dtype=np.int32)
        neighbours, found = (part.numpy() for part in table.read(ids))
        kept = (found > 0) & (columns[neighbours] >= 0)
        edges[ids + 1] = edges[first] + np.cumsum(kept.sum(axis=1))
        filled = slice(edges[first], edges[ids[-1] + 1])
        indices[filled], shares[filled] = columns[neighbours[kept]], found[kept]
    if edges[-1] <= np.iinfo(np.int32).max:
        edges = edges.astype(np.int32)  # of one type with the indices, which else are copied
    return sparse.csr_array((shares[: edges[-1]], indices[: edges[-1]], edges), shape=(len(columns), shown))
