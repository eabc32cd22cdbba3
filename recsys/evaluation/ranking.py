"""Scores of the whole catalog: what gives them, the rank of a target among them, the best of them, what was seen."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.errors import RecsysError
from recsys.sequences.ranges import flat_ranges
from recsys.sequences.sequences import Sequences

# Scores every row of the item table for a batch of (user [b], flat position of the target [b]): [b, table].
ScoreAll = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], npt.NDArray[np.float32]]

TOP = 10  # items of a list that is looked at as a list
GROUPS = 10  # of columns, for each item of a list: more bound the best closer, and take longer to sort


def not_a_number(user: str) -> RecsysError:
    """The error of a score of ``user`` that is none."""
    return RecsysError(
        f"evaluation: a score of user {user} is not a number; the model's weights are damaged: train again, with a "
        "lower training.learning_rate"
    )


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
        ``(ids [n, k] int32, scores [n, k] float32)``; rows with fewer items end in 0 and −inf.
    """
    rows, table = scores.shape
    k = min(k, table)
    flat = np.flatnonzero(scores >= _bounds(scores, k)[:, None])
    owners, columns = np.divmod(flat, max(table, 1))
    counts = np.bincount(owners, minlength=rows)
    places = np.arange(len(flat)) - np.repeat(np.cumsum(counts) - counts, counts)
    width = max(k, counts.max(initial=0))
    ids, values = np.zeros((rows, width), np.int32), np.full((rows, width), -np.inf, np.float32)
    ids[owners, places], values[owners, places] = columns, scores.reshape(-1)[flat]
    best = np.argsort(-values, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(ids, best, axis=1), np.take_along_axis(values, best, axis=1)


def _bounds(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.float32]:
    """A finite bound a row that its ``k`` best finite scores reach, and few others: ``[n]``.

    It is the ``k``-th best of the maxima of disjoint groups of columns. Each maximum is a score, so that ``k`` scores
    reach it; a maximum is many times faster than a partition of all columns.
    """
    groups = min(scores.shape[1], GROUPS * k)
    size = scores.shape[1] // max(groups, 1)
    if not groups:
        return np.zeros(len(scores), np.float32)
    maxima = scores[:, : groups * size].reshape(len(scores), size, groups).max(axis=1)
    bounds: npt.NDArray[np.float32] = np.partition(maxima, groups - k, axis=1)[:, groups - k]
    return np.maximum(bounds, np.finfo(np.float32).min)


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
