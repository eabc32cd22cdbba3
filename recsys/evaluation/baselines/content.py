"""What needs no events of an item at all: likeness to what a history holds, by what the item table says."""

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recsys.core.errors import ConfigError
from recsys.evaluation.baselines.events import TrainingEvents, newest_items
from recsys.evaluation.ranking import ScoreAll
from recsys.features.encoded import EncodedFeature

NEWEST, DECAY = 10, 0.7  # as window_markov reads a history


def content(events: TrainingEvents) -> ScoreAll:
    """Cosine of an item's features with those of the last ten items, with decay .7.

    Raises:
        ConfigError: the dataset has no features.
    """
    if not events.features:
        raise ConfigError("evaluation.baselines: content compares items by data.items.features, and there are none")
    described = _directions(events.features)

    def score(users: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        read = newest_items(events.sequences, users, positions, NEWEST, DECAY, events.table_size)
        return np.asarray(((read @ described) @ described.T).todense(), np.float32)

    return score


def _directions(features: tuple[EncodedFeature, ...]) -> sparse.csr_array:
    """Every item's features end to end, of length 1, in which each feature that it has weighs alike: ``[table, n]``."""
    parts = []
    for one in features:
        part = sparse.csr_array(one.rows.astype(np.float64))
        if one.is_coded:
            item, place = np.nonzero(one.rows)
            shape = (len(one.rows), one.values + 1)
            part = sparse.coo_array((np.ones(len(item)), (item, one.rows[item, place])), shape=shape).tocsr()
        parts.append(_of_length_1(part))
    return _of_length_1(sparse.csr_array(sparse.hstack(parts, format="csr")))


def _of_length_1(rows: sparse.csr_array) -> sparse.csr_array:
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return sparse.csr_array(sparse.diags_array(1.0 / np.where(lengths > 0, lengths, 1.0)) @ rows)
