"""Histories as they are held against items, whoever encoded them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Queries(NamedTuple):
    """``n`` histories as they are held against items.

    Attributes:
        vectors: ``[n, width] float32``, whose dot product with an item's vector is attention's part of the score.
        newest: ``[n, newest] int32``, the items that the memory listens to; none without a memory.
        attention: ``[n, newest] float32``, how much it listens to each.
        weights: ``[n, 1] float32``, how much the memory is listened to.
    """

    vectors: npt.NDArray[np.float32]
    newest: npt.NDArray[np.int32]
    attention: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]

    def rows(self, rows: slice) -> "Queries":
        """Those of some histories."""
        return Queries(self.vectors[rows], self.newest[rows], self.attention[rows], self.weights[rows])


def plain_queries(vectors: npt.NDArray[np.float32]) -> Queries:
    """Queries that are vectors and nothing else."""
    nothing = np.zeros((len(vectors), 0))
    return Queries(vectors, nothing.astype(np.int32), nothing.astype(np.float32), nothing.astype(np.float32))
