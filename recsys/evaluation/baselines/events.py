"""What a baseline may see, and the two tables that baselines count from it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recsys.features.encoded import EncodedFeature
from recsys.sequences.pairs import summed_pairs
from recsys.sequences.ranges import flat_ranges
from recsys.sequences.sequences import Sequences


class TrainingEvents(NamedTuple):
    """``sequences`` up to each user's flat ``ends [users] int64``, and nothing after.

    Attributes:
        features: what is known of each item beside its events, by internal id.
    """

    sequences: Sequences
    ends: npt.NDArray[np.int64]
    table_size: int
    features: tuple[EncodedFeature, ...] = ()

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        return self.sequences.offsets[:-1]

    @property
    def flat(self) -> npt.NDArray[np.int64]:
        """Flat positions of every training event that may be predicted: what popularity counts."""
        flat, mask = flat_ranges(self.starts, self.ends)[1], self.sequences.target_mask
        return flat if mask is None else flat[mask[flat]]

    def transitions(self, window: int) -> sparse.csr_array:
        """Share of each item's transitions to targets that lead to each other item, ``[table, table]``."""
        items, targets = self.sequences.items, self.sequences.target_mask
        parts = list(summed_pairs(items, self.starts, self.ends, self.table_size, window, targets=targets))
        keys, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
        cells = np.divmod(keys, self.table_size)
        counts = sparse.coo_array((weights, cells), shape=(self.table_size, self.table_size)).tocsr()
        totals = np.asarray(counts.sum(axis=1)).ravel()
        return sparse.csr_array(sparse.diags_array(1.0 / np.maximum(totals, 1e-12)) @ counts)

    def touched(self) -> sparse.csr_array:
        """1 where a user touched an item in training, ``[users, table] float32``."""
        owner, flat = flat_ranges(self.starts, self.ends)
        items = self.sequences.items[flat]
        ones = np.ones(len(items), np.float32)
        table = sparse.coo_array((ones, (owner, items)), shape=(len(self.ends), self.table_size)).tocsr()
        table.data[:] = 1.0
        return sparse.csr_array(table)


def newest_items(
    sequences: Sequences,
    users: npt.NDArray[np.int64],
    positions: npt.NDArray[np.int64],
    newest: int,
    decay: float,
    table_size: int,
) -> sparse.csr_array:
    """The newest items before each position, the ``n``-th newest weighing ``decay ** (n - 1)``.

    Args:
        users, positions: ``[b]``.

    Returns:
        ``[b, table_size] float64``; an item that stands twice weighs the sum.
    """
    back = np.arange(1, newest + 1)
    flat = positions[:, None] - back
    inside = flat >= sequences.offsets[users][:, None]
    weights = np.broadcast_to(decay ** (back - 1), flat.shape)[inside]
    columns = sequences.items[flat[inside]]
    read = sparse.coo_array((weights, (np.nonzero(inside)[0], columns)), shape=(len(users), table_size))
    return sparse.csr_array(read.tocsr())
