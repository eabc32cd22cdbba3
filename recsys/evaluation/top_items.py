"""The best items of score rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.history import History
from recsys.sequences.ranges import flat_ranges
from recsys.sequences.sequences import Sequences

CELLS = 1 << 24  # scores held at once


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


def recommend(
    score_all: Callable[[History], Any],
    sequences: Sequences,
    like: History,
    items: int,
    k: int,
    filter_seen: bool,
    now: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """What each user may want next, given everything that the user did.

    Args:
        score_all: histories to scores ``[b, table]``.
        like: the types of a history, as ``history_spec`` gives them.
        now: when they may want it, in milliseconds since 1970; read where times are.
        items: ids ``1..items`` are ranked (not the padding, nor OOV buckets).

    Returns:
        ``(ids [users, k] int32, scores [users, k] float32)``, as ``top_items``.
    """
    k = min(k, items)
    ids = np.empty((len(sequences), k), np.int32)
    values = np.empty((len(sequences), k), np.float32)
    step = max(1, CELLS // (items + 1))
    for first in range(0, len(sequences), step):
        users = np.arange(first, min(first + step, len(sequences)))
        ends = sequences.offsets[users + 1]
        scores = np.array(score_all(sequences.histories(users, ends, like, np.full(len(users), now))), np.float32)[
            :, : items + 1
        ]
        scores[:, 0] = -np.inf
        if filter_seen:
            remove_seen(scores, sequences, users, ends)
        ids[users], values[users] = top_items(scores, k)
    return ids, values
