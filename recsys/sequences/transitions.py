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
from recsys.sequences.pairs import summed_pairs


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
    # What tells most is judged by the sums themselves; else they are only kept.
    rows = _Rows(table_size, neighbours, np.float32 if average is None else np.float64)
    for keys, sums in summed_pairs(items, starts, ends, table_size, window, decay, targets):
        rows.add(keys, sums)
    return rows.table(window, average, decay)


def keep_heaviest(
    keys: npt.NDArray[np.int64], sums: npt.NDArray[np.float64], table_size: int, neighbours: int
) -> Transitions:
    """Of the transitions ``keys = source * table_size + target`` each source's heaviest."""
    rows = _Rows(table_size, neighbours)
    rows.add(keys, sums)
    return rows.table(1, None, 1.0)


class _Rows:
    """The heaviest transitions of each item, taken in a range of items at a time."""

    def __init__(self, table_size: int, neighbours: int, dtype: npt.DTypeLike = np.float32) -> None:
        self._ids = np.full((table_size, neighbours), PAD_ID, np.int32)
        self._weights = np.zeros((table_size, neighbours), dtype)
        self._totals, self._arrivals, self._everything = np.zeros(table_size), np.zeros(table_size), 0.0

    def add(self, keys: npt.NDArray[np.int64], sums: npt.NDArray[np.float64]) -> None:
        """All transitions from some items, ``source * table_size + target``, none of which was added before."""
        table_size, neighbours = self._ids.shape
        source, target = np.divmod(keys, table_size)
        self._totals += np.bincount(source, sums, table_size)
        self._arrivals += np.bincount(target, sums, table_size)
        self._everything += float(sums.sum())
        order = np.lexsort((target, -sums, source))
        source, target, sums = source[order], target[order], sums[order]
        rank = np.arange(len(source)) - np.searchsorted(source, source)
        kept = rank < neighbours
        self._ids[source[kept], rank[kept]] = target[kept]
        self._weights[source[kept], rank[kept]] = sums[kept]

    def table(self, window: int, average: int | None, decay: float) -> Transitions:
        """What was kept, or of it the ``average`` an item that tell most."""
        ids, weights = self._ids, self._weights.astype(np.float32, copy=False)
        if average is not None:
            source, place = np.nonzero(self._ids != PAD_ID)
            target = self._ids[source, place]
            told = information(
                self._weights[source, place], self._totals[source], self._arrivals[target], self._everything
            )
            chosen = np.sort(np.argsort(-told, kind="stable")[: average * len(ids)])
            source, target, kept = source[chosen], target[chosen], weights[source[chosen], place[chosen]]
            rank = np.arange(len(source)) - np.searchsorted(source, source)  # rows close their gaps
            ids, weights = np.full_like(ids, PAD_ID), np.zeros_like(weights)
            ids[source, rank], weights[source, rank] = target, kept
        return Transitions(ids, weights, self._totals.astype(np.float32), window, decay)


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
