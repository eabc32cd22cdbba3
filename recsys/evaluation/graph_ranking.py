"""Ranks inside the graph: what validation asks after every epoch, many times faster than through numpy."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from recsys.core.history import History
from recsys.evaluation.ranking import not_a_number, seen_cells
from recsys.models.keras import tf
from recsys.sequences.sequences import Sequences

ROWS = 64  # targets ranked at once: their scores of a catalog should stay in the processor's cache


class GraphRanker:
    """``rank`` for a score that is a sum of two parts, under several weights of the second at once.

    Args:
        parts: histories to one or two ``[b, table]`` scores.
        history: the TensorFlow types of histories, as ``history_spec`` gives them.
        weights: of the second part; what is ranked is ``first + weight * second``.
        items: ids ``1..items`` are ranked.
        filter_seen: take a history's items out of its ranking (never the target).
    """

    def __init__(
        self,
        parts: Callable[[History], Sequence[tf.Tensor]],
        history: History,
        weights: Sequence[float],
        items: int,
        filter_seen: bool,
    ) -> None:
        self.parts, self.history, self.weights = parts, history, weights
        self.items, self.filter_seen = items, filter_seen
        targets, cells = tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, 2], tf.int32)
        self._ranks = tf.function(self._rank).get_concrete_function(history, targets, cells)

    def __call__(
        self, sequences: Sequences, users: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """Ranks ``[weights, m]`` of the events at flat ``positions`` of ``users``; ties share their mean rank.

        Raises:
            RecsysError: a score is not a number.
        """
        ranks = []
        for first in range(0, len(positions), ROWS):
            some, ends = users[first : first + ROWS], positions[first : first + ROWS]
            targets = sequences.items[ends]
            cells = np.empty((0, 2), np.int32)
            if self.filter_seen:
                rows, seen = seen_cells(sequences, some, ends)
                hidden = (seen <= self.items) & (seen != targets[rows])
                cells = np.stack([rows[hidden], seen[hidden]], axis=1).astype(np.int32)
            found = self._ranks(sequences.histories(some, ends, self.history), targets, cells).numpy()
            if np.isnan(found).any():
                raise not_a_number(sequences.users[some[np.isnan(found).any(axis=0).argmax()]])
            ranks.append(found)
        return np.concatenate(ranks, axis=1) if ranks else np.empty((len(self.weights), 0))

    def _rank(self, history: History, targets: tf.Tensor, cells: tf.Tensor) -> tf.Tensor:
        first, *second = (part[:, : self.items + 1] for part in self.parts(history))
        first = tf.tensor_scatter_nd_update(first, cells, tf.fill(tf.shape(cells)[:1], -np.inf))
        padding = tf.one_hot(0, self.items + 1, on_value=-np.inf, off_value=0.0)
        ranks = []
        for weight in self.weights:
            scores = tf.add_n([first + padding, *(weight * part for part in second)])
            own = tf.gather(scores, targets, batch_dims=1)[:, None]
            better = tf.math.count_nonzero(scores > own, axis=1, dtype=tf.float64)
            level = tf.math.count_nonzero(scores >= own, axis=1, dtype=tf.float64) - better
            broken = tf.reduce_any(tf.math.is_nan(scores), axis=1)
            ranks.append(tf.where(broken, tf.constant(np.nan, tf.float64), better + 0.5 * (level + 1.0)))
        return tf.stack(ranks)
