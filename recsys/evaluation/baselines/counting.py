"""What needs no model: the same ranking for everyone, and Markov chains of what followed the newest items."""

import numpy as np
import numpy.typing as npt

from recsys.evaluation.baselines.events import TrainingEvents, newest_items
from recsys.evaluation.ranking import ScoreAll

RECENT_SHARE = 0.1


def popularity(events: TrainingEvents) -> ScoreAll:
    """How often an item occurs in training."""
    return _by_count(events, events.flat)


def recent_popularity(events: TrainingEvents) -> ScoreAll:
    """How often an item occurs in the newest tenth of the training events, by their timestamps."""
    times = events.sequences.timestamps[events.flat]
    return _by_count(events, events.flat[times >= np.quantile(times, 1 - RECENT_SHARE)])


def _by_count(events: TrainingEvents, flat: np.ndarray) -> ScoreAll:
    counts = np.bincount(events.sequences.items[flat], minlength=events.table_size).astype(np.float32)
    return lambda users, positions: np.broadcast_to(counts, (len(users), len(counts)))


def markov(events: TrainingEvents) -> ScoreAll:
    """First order: what followed the last item."""
    return _decayed(events, window=1, newest=1, decay=1.0)


def window_markov(events: TrainingEvents) -> ScoreAll:
    """Transitions up to 3 steps ahead, weighted 1/step, read for the last ten items with decay .7."""
    return _decayed(events, window=3, newest=10, decay=0.7)


def _decayed(events: TrainingEvents, window: int, newest: int, decay: float) -> ScoreAll:
    shares = events.transitions(window)

    def score(users: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        read = newest_items(events.sequences, users, positions, newest, decay, events.table_size)
        return np.asarray((read @ shares).todense(), np.float32)

    return score
