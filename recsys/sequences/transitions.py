"""Which items people went on to: decayed item-to-item counts, kept sparse.

A transition from ``a`` to ``b``, ``k`` steps later in one user's sequence, counts ``k ** -decay`` up to a window. The
heaviest of each item are kept. Where the whole catalog may keep only so many, those stay that tell most: a
transition's count times the logarithm of its lift, how much more often ``b`` follows ``a`` than it follows anything.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.schema import PAD_ID
from recsys.sequences.ranges import flat_ranges


@dataclass(frozen=True)
class Transitions:
    """Transitions from each item, the heaviest or those that tell most.

    Attributes:
        neighbours: ``[table, n] int32`` item ids, heaviest first, then ``PAD_ID``.
        weights: ``[table, n] float32`` decayed counts, 0 beside ``PAD_ID``.
        totals: ``[table] float32``, the count of all transitions from the item, kept or not.
        window: steps ahead that counted.
        decay: how fast what counted fell with the steps.
    """

    neighbours: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    totals: npt.NDArray[np.float32]
    window: int
    decay: float = 1.0


def pair_weights(
    items: npt.NDArray[np.int32],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    window: int,
    decay: float = 1.0,
    targets: npt.NDArray[np.bool_] | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Every transition inside the sequences ``items[starts[i]:ends[i]]``, one entry each time it happened.

    Args:
        window: steps ahead that count, each ``k`` of them ``k ** -decay``.
        targets: ``[events] bool``, the events that a transition may arrive at; None is all.

    Returns:
        ``(from position [m], to position [m], weight [m])``: flat positions in ``items``.
    """
    owner, positions = flat_ranges(starts, ends)
    left = ends[owner] - positions  # events from this one to the sequence's end
    sources, arrivals, weights = [], [], []
    for step in range(1, window + 1):
        source = positions[left > step]
        source = source if targets is None else source[targets[source + step]]
        sources.append(source)
        arrivals.append(source + step)
        weights.append(np.full(len(source), step**-decay))
    return np.concatenate(sources), np.concatenate(arrivals), np.concatenate(weights)


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
    average: int | None = None,
    decay: float = 1.0,
    targets: npt.NDArray[np.bool_] | None = None,
) -> Transitions:
    """Count the transitions of many sequences; ``items[starts[i]:ends[i]]`` is one, oldest event first.

    >>> items = np.array([1, 2, 3, 1, 2], np.int32)  # two users: 1 2 3 and 1 2
    >>> found = count_transitions(items, np.array([0, 3]), np.array([3, 5]), table_size=4, window=2, neighbours=2)
    >>> found.neighbours[1].tolist(), found.weights[1].tolist()
    ([2, 3], [2.0, 0.5])

    Args:
        window: steps ahead that count.
        neighbours: most transitions kept of an item.
        average: transitions kept per item on average, over the whole table, those that tell most; None keeps as many as
            ``neighbours`` lets.
        decay: a transition ``k`` steps ahead counts ``k ** -decay``.
        targets: as ``pair_weights`` takes them.
    """
    source, target, weight = pair_weights(items, starts, ends, window, decay, targets)
    keys, sums = sum_by_key(items[source].astype(np.int64) * table_size + items[target], weight)
    return keep_heaviest(keys, sums, table_size, window, neighbours, average, decay)


def keep_heaviest(
    keys: npt.NDArray[np.int64],
    sums: npt.NDArray[np.float64],
    table_size: int,
    window: int,
    neighbours: int,
    average: int | None,
    decay: float = 1.0,
) -> Transitions:
    """Some of the transitions ``keys = source * table_size + target``, as ``count_transitions`` says."""
    source, target = np.divmod(keys, table_size)
    totals, arrivals = (np.bincount(ends, sums, table_size) for ends in (source, target))
    told = information(sums, totals[source], arrivals[target], sums.sum())
    order = np.lexsort((target, -sums, source))
    source, target, sums, told = source[order], target[order], sums[order], told[order]
    rank = np.arange(len(source)) - np.searchsorted(source, source)
    kept = np.flatnonzero(rank < neighbours)
    if average is not None:
        kept = np.sort(kept[np.argsort(-told[kept], kind="stable")[: average * table_size]])
        rank[kept] = np.arange(len(kept)) - np.searchsorted(source[kept], source[kept])  # rows close their gaps
    ids = np.full((table_size, neighbours), PAD_ID, np.int32)
    weights = np.zeros((table_size, neighbours), np.float32)
    ids[source[kept], rank[kept]] = target[kept]
    weights[source[kept], rank[kept]] = sums[kept]
    return Transitions(ids, weights, totals.astype(np.float32), window, decay)


def information(
    counts: npt.NDArray[Any],
    leaving: npt.NDArray[Any],
    arriving: npt.NDArray[Any],
    everything: float,
) -> npt.NDArray[np.float64]:
    """``count · log(lift)``: each transition's share of the mutual information of an item and what follows it.

    Args:
        counts: of transitions, above 0.
        leaving: all that leave each one's source; arriving: all that arrive at its target; everything: all there are.
    """
    lift = counts.astype(np.float64) * everything / (leaving * arriving)
    told: npt.NDArray[np.float64] = counts * np.log(lift)
    return told


def highest_pmi(neighbours: npt.NDArray[np.int32], counts: npt.NDArray[np.float32], most: int) -> npt.NDArray[np.bool_]:
    """The ``most`` of these transitions that tell most of what all of them tell, ``[rows, n] bool``; of equal ones the
    earlier."""
    arrivals = np.bincount(neighbours.ravel(), counts.ravel(), int(neighbours.max(initial=0)) + 1)
    row, place = np.nonzero(counts)
    count = counts[row, place].astype(np.float64)
    told = information(count, counts.sum(1)[row], arrivals[neighbours[row, place]], count.sum())
    chosen = np.argsort(-told, kind="stable")[:most]
    kept = np.zeros(counts.shape, np.bool_)
    kept[row[chosen], place[chosen]] = True
    return kept
