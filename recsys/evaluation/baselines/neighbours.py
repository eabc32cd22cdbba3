"""Item-to-item models: an item is as good as those of the history that it goes with."""

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from recsys.core.errors import ConfigError
from recsys.evaluation.baselines.events import TrainingEvents, newest_items
from recsys.evaluation.ranking import ScoreAll

NEIGHBOURS = 100  # of each item, most similar first
SHRINKAGE = 10.0  # users added to the overlap's denominator, so that rare pairs are not trusted
RIDGE = 500.0
LARGEST_DENSE = 20_000  # items whose square still fits in memory


def item_knn(events: TrainingEvents) -> ScoreAll:
    """Cosine similarity of the sets of users, shrunk, over each item's nearest (Sarwar et al., 2001)."""
    touched = events.touched()
    together = sparse.csr_array(touched.T @ touched).tocoo()
    counts = np.asarray(touched.sum(axis=0)).ravel()
    row, column = together.coords
    off = row != column
    row, column = row[off], column[off]
    similarity = together.data[off] / (np.sqrt(counts[row] * counts[column]) + SHRINKAGE)
    order = np.lexsort([-similarity, row])
    row, column, similarity = row[order], column[order], similarity[order]
    kept = np.arange(len(row)) - np.searchsorted(row, row) < NEIGHBOURS
    shape = (events.table_size, events.table_size)
    return _over_history(events, sparse.csr_array((similarity[kept], (row[kept], column[kept])), shape=shape))


def ease(events: TrainingEvents) -> ScoreAll:
    """EASE (Steck, 2019): the linear item-to-item model in closed form.

    Raises:
        ConfigError: the catalog's square does not fit in memory.
    """
    if events.table_size > LARGEST_DENSE:
        raise ConfigError(
            f"evaluation.baselines: ease inverts a matrix of {events.table_size:,}² items, at most {LARGEST_DENSE:,}² "
            "are sensible; leave it out of the list"
        )
    touched = events.touched()
    gram = np.asarray((touched.T @ touched).todense(), np.float32)
    gram[np.diag_indices_from(gram)] += RIDGE
    inverse = linalg.inv(gram, overwrite_a=True)
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return _over_history(events, weights)


def _over_history(events: TrainingEvents, weights: "sparse.csr_array | npt.NDArray[np.float32]") -> ScoreAll:
    """Each item's weights, summed over the distinct items of the whole history."""
    sequences = events.sequences

    def score(users: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        longest = int((positions - sequences.offsets[users]).max())
        history = newest_items(sequences, users, positions, longest, 1.0, events.table_size)
        history.data[:] = 1.0
        scores = history @ weights
        return np.asarray(scores.todense() if sparse.issparse(scores) else scores, np.float32)

    return score
