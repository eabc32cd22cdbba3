"""The best items of score rows."""

from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.sequences.ranges import flat_ranges
from recsys.sequences.sequences import Sequences


def top_items(scores: npt.NDArray[np.float32], k: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The ``k`` best columns of each row, best first; ties go to the lower id.

    Args:
        scores: ``[n, table] float32``, −inf where an item is out of the ranking.

    Returns:
        ``(ids [n, k] int32, scores [n, k] float32)``; rows with fewer items end in −inf.
    """
    k = min(k, scores.shape[1])
    bound = np.partition(scores, -k, axis=1)[:, -k][:, None]
    ids = np.empty((len(scores), k), np.int32)
    for row, candidates in enumerate(scores >= bound):
        columns = np.flatnonzero(candidates)
        ids[row] = columns[np.argsort(-scores[row, columns], kind="stable")[:k]]
    return ids, np.take_along_axis(scores, ids, axis=1)


def seen_cells(
    sequences: Sequences, users: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Each event before the flat position ``ends`` of its user: ``(row of users [m], item [m])``."""
    rows, flat = flat_ranges(sequences.offsets[users], ends)
    return rows, sequences.items[flat]


def remove_seen(
    scores: npt.NDArray[Any], sequences: Sequences, users: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> None:
    """Take each user's items before the flat position ``ends`` out of its row, in place.

    Args:
        scores: ``[n, items + 1]``; what lies beyond (OOV buckets) is in no row anyway.
    """
    rows, seen = seen_cells(sequences, users, ends)
    inside = seen < scores.shape[1]
    scores[rows[inside], seen[inside]] = -np.inf
