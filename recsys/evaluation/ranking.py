"""Ranks of targets among the full catalog, whatever the split."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from recsys.core.errors import RecsysError
from recsys.evaluation.top_items import remove_seen, top_items
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


def rank_split(
    score_all: ScoreAll,
    sequences: Sequences,
    users: npt.NDArray[np.int64],
    positions: npt.NDArray[np.int64],
    items: int,
    *,
    filter_seen: bool = True,
    batch_size: int = 256,
    on_top: Callable[[npt.NDArray[np.int32], npt.NDArray[np.float32]], None] | None = None,
    top: int = TOP,
) -> npt.NDArray[np.float64]:
    """Ranks ``[m]`` of the events at flat ``positions`` of ``users`` among items ``1..items``.

    Args:
        on_top: is given each batch's ``top_items``, ``top`` of them.

    Raises:
        RecsysError: a score is not a number.
    """
    ranks = []
    for first in range(0, len(positions), batch_size):
        batch = slice(first, first + batch_size)
        scores = np.array(score_all(users[batch], positions[batch]))[:, : items + 1]
        if np.isnan(scores).any():
            raise RecsysError(f"evaluation: a score of user {sequences.users[users[first]]}'s batch is not a number")
        scores[:, 0] = -np.inf
        targets = sequences.items[positions[batch]]
        if filter_seen:
            own = scores[np.arange(len(scores)), targets]
            remove_seen(scores, sequences, users[batch], positions[batch])
            scores[np.arange(len(scores)), targets] = own  # the target always stays
        if on_top is not None:
            on_top(*top_items(scores, top))
        ranks.append(rank_targets(scores, targets))
    return np.concatenate(ranks) if ranks else np.empty(0)
