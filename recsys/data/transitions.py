"""Which items people went on to: decayed item-to-item counts, kept sparse.

A transition from ``a`` to ``b``, ``k`` steps later in one user's sequence, counts ``1 / k`` up to a window.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.data.ranges import flat_ranges
from recsys.schema import PAD_ID


@dataclass(frozen=True)
class Transitions:
    """The heaviest transitions from each item.

    Attributes:
        neighbours: ``[table, n] int32`` item ids, heaviest first, then ``PAD_ID``.
        weights: ``[table, n] float32`` decayed counts, 0 beside ``PAD_ID``.
        totals: ``[table] float32``, the count of all transitions from the item, kept or not.
        window: steps ahead that counted.
    """

    neighbours: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    totals: npt.NDArray[np.float32]
    window: int


def pair_weights(
    items: npt.NDArray[np.int32],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    window: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Every transition inside the sequences ``items[starts[i]:ends[i]]``, one entry each time it happened.

    Returns:
        ``(from position [m], to position [m], weight [m])``: flat positions in ``items``.
    """
    owner, positions = flat_ranges(starts, ends)
    left = ends[owner] - positions  # events from this one to the sequence's end
    sources, targets, weights = [], [], []
    for step in range(1, window + 1):
        source = positions[left > step]
        sources.append(source)
        targets.append(source + step)
        weights.append(np.full(len(source), 1.0 / step))
    return np.concatenate(sources), np.concatenate(targets), np.concatenate(weights)


def sum_by_key(
    keys: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The distinct ``keys`` in order, and the sum of each one's weights."""
    distinct, inverse = np.unique(keys, return_inverse=True)
    return distinct, np.bincount(inverse, weights, len(distinct)).astype(np.float64)


def count_transitions(
    items: npt.NDArray[np.int32],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    table_size: int,
    window: int,
    neighbours: int,
) -> Transitions:
    """Count the transitions of many sequences; ``items[starts[i]:ends[i]]`` is one, oldest event first."""
    source, target, weight = pair_weights(items, starts, ends, window)
    keys, sums = sum_by_key(items[source].astype(np.int64) * table_size + items[target], weight)
    return keep_heaviest(keys, sums, table_size, window, neighbours)


def keep_heaviest(
    keys: npt.NDArray[np.int64], sums: npt.NDArray[np.float64], table_size: int, window: int, neighbours: int
) -> Transitions:
    """The ``neighbours`` heaviest transitions of each item, from ``keys = source * table_size + target``."""
    source, target = np.divmod(keys, table_size)
    order = np.lexsort([target, -sums, source])
    source, target, sums = source[order], target[order], sums[order]
    rank = np.arange(len(source)) - np.searchsorted(source, source)
    kept = rank < neighbours
    ids = np.full((table_size, neighbours), PAD_ID, np.int32)
    weights = np.zeros((table_size, neighbours), np.float32)
    ids[source[kept], rank[kept]] = target[kept]
    weights[source[kept], rank[kept]] = sums[kept]
    totals = np.bincount(source, sums, table_size).astype(np.float32)
    return Transitions(ids, weights, totals, window)
