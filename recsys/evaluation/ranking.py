"""Ranks of targets among scores, and what gives the scores."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

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
