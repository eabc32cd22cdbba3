"""The items of one request: a model takes a fixed number of them, and the best come first."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.schema import ID_DTYPE, PAD_ID


def pad_candidates(ids: Sequence[int] | npt.NDArray[np.integer[Any]], width: int) -> npt.NDArray[np.int32]:
    """At most ``width`` internal ids as a model's input, ``[1, width] int32``, padded on the right.

    >>> pad_candidates([7, 9], 4).tolist()
    [[7, 9, 0, 0]]
    """
    padded = np.full((1, width), PAD_ID, ID_DTYPE)
    padded[0, : len(ids)] = ids
    return padded


def candidate_chunks(ids: npt.NDArray[np.integer[Any]], width: int) -> list[npt.NDArray[np.int32]]:
    """Any number of ids as inputs of ``width`` each; scores of all, end to end, begin with those of ``ids``.

    >>> [chunk.tolist() for chunk in candidate_chunks(np.array([7, 9, 4]), 2)]
    [[[7, 9]], [[4, 0]]]
    """
    return [pad_candidates(ids[start : start + width], width) for start in range(0, len(ids), width)]


def best_first(ids: npt.NDArray[np.integer[Any]], scores: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.intp]:
    """Where the known ones among ``ids [n]`` stand, the highest of ``scores [n]`` first; of equals the earlier.

    >>> best_first(np.array([5, 0, 6, 7]), np.array([0.1, 9.0, 0.3, 0.1])).tolist()
    [2, 0, 3]
    """
    known = np.flatnonzero(ids != PAD_ID)
    order: npt.NDArray[np.intp] = known[np.argsort(-scores[known], kind="stable")]
    return order
