"""Scores of the whole catalog: what gives them, the rank of a target among them, the best of them, what was seen."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.sequences.ranges import flat_ranges
from recsys.sequences.sequences import Sequences

# Scores every row of the item table for a batch of (user [b], flat position of the target [b]): [b, table].
ScoreAll = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], npt.NDArray[np.float32]]

TOP = 10  # items of a list that is looked at as a list


def rank_targets(scores: npt.NDArray[np.floating], targets: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """Mean rank of each target in its row: better items, plus half of the others that tie, plus 1.

    >>> rank_targets(np.array([[0.1, 0.9, 0.5], [0.2, 0.2, 0.1]]), np.array([2, 0])).tolist()  # the second ties
    [2.0, 1.5]

    Args:
        scores: ``[n, table] float``, −inf where an item is out of the ranking.
        targets: ``[n]``, column of each row's target.
    """
    own = scores[np.arange(len(targets)), targets][:, None]
    better = np.count_nonzero(scores > own, axis=1)
    ties = np.count_nonzero(scores == own, axis=1) - 1
    return np.asarray(1.0 + better + 0.5 * ties, np.float64)


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
    """What each user has seen before the flat position ``ends``: ``(row of users [m], item [m])``, one an event."""
    rows, flat = flat_ranges(sequences.offsets[users], ends)
    if sequences.seen is not None:
        rows, flat = rows[sequences.seen[flat]], flat[sequences.seen[flat]]
    return rows, sequences.items[flat]


def remove_seen(
    scores: npt.NDArray[Any], sequences: Sequences, users: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> None:
    """Take the items that each user has seen before the flat position ``ends`` out of its row, in place.

    Args:
        scores: ``[n, items + 1]``; what lies beyond (OOV buckets) is in no row anyway.
    """
    rows, seen = seen_cells(sequences, users, ends)
    inside = seen < scores.shape[1]
    scores[rows[inside], seen[inside]] = -np.inf
