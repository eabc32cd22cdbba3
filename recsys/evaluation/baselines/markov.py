"""What a recommender must beat: popularity and Markov chains, scored through the same interface.

Each is fitted on the events that train and nothing else.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recsys.data.sequences import Sequences
from recsys.data.transitions import pair_weights
from recsys.evaluation.ranking import ScoreAll


class TrainingEvents(NamedTuple):
    """What a baseline may see: ``sequences`` up to each user's flat ``ends [users] int64``."""

    sequences: Sequences
    ends: npt.NDArray[np.int64]
    table_size: int

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        return self.sequences.offsets[:-1]

    @property
    def flat(self) -> npt.NDArray[np.int64]:
        """Flat positions of every training event."""
        lengths = self.ends - self.starts
        first = np.repeat(self.starts - np.cumsum(lengths) + lengths, lengths)
        flat: npt.NDArray[np.int64] = first + np.arange(len(first))
        return flat

    def transitions(self, window: int) -> sparse.csr_array:
        """Share of each item's transitions that lead to each other item, ``[table, table]``."""
        source, target, weight = pair_weights(self.sequences.items, self.starts, self.ends, window)
        items, shape = self.sequences.items, (self.table_size, self.table_size)
        counts = sparse.coo_array((weight, (items[source], items[target])), shape=shape).tocsr()
        totals = np.asarray(counts.sum(axis=1)).ravel()
        return sparse.csr_array(sparse.diags_array(1.0 / np.maximum(totals, 1e-12)) @ counts)


def popularity(events: TrainingEvents) -> ScoreAll:
    """The same scores for everyone: how often an item occurs."""
    counts = np.bincount(events.sequences.items[events.flat], minlength=events.table_size).astype(np.float32)
    return lambda users, positions: np.broadcast_to(counts, (len(users), len(counts)))


def markov(events: TrainingEvents) -> ScoreAll:
    """First order: what followed the last item."""
    return _decayed(events, window=1, newest=1, decay=1.0)


def window_markov(events: TrainingEvents) -> ScoreAll:
    """Transitions up to 3 steps ahead, weighted 1/step, read for the last ten items with decay .7."""
    return _decayed(events, window=3, newest=10, decay=0.7)


def _decayed(events: TrainingEvents, window: int, newest: int, decay: float) -> ScoreAll:
    shares = events.transitions(window)
    sequences = events.sequences

    def score(users: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        back = np.arange(1, newest + 1)
        flat = positions[:, None] - back
        inside = flat >= sequences.offsets[users][:, None]
        rows = np.nonzero(inside)[0]
        weights = np.broadcast_to(decay ** (back - 1), flat.shape)[inside]
        columns = sequences.items[flat[inside]]
        read = sparse.csr_array((weights, (rows, columns)), shape=(len(users), events.table_size))
        return np.asarray((read @ shares).todense(), np.float32)

    return score


BASELINES: dict[str, Callable[[TrainingEvents], ScoreAll]] = {
    "popularity": popularity,
    "markov": markov,
    "window_markov": window_markov,
}
