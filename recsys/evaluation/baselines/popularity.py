"""The same ranking for everyone."""

import numpy as np

from recsys.evaluation.baselines.events import TrainingEvents
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
