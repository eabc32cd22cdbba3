"""What followed what in many sequences: every transition, and sums of them that never hold all at once."""

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from recsys.sequences.ranges import RANGES, flat_ranges

PAIRS = 1 << 22  # transitions that are held at once, at most about


def pair_weights(
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    window: int,
    decay: float = 1.0,
    targets: npt.NDArray[np.bool_] | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Every transition inside the sequences ``[starts[i], ends[i])``, one entry each time it happened.

    Args:
        window: steps ahead that count, each ``k`` of them ``k ** -decay``.
        targets: ``[events] bool``, the events that a transition may arrive at; None is all.

    Returns:
        ``(from position [m], to position [m], weight [m])``: flat positions.
    """
    owner, positions = flat_ranges(starts, ends)
    return _pairs_from(positions, ends[owner] - positions, window, decay, targets)


def summed_pairs(
    items: npt.NDArray[np.int32],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    table_size: int,
    window: int,
    decay: float = 1.0,
    targets: npt.NDArray[np.bool_] | None = None,
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """The distinct transitions of sequences ``items[starts[i]:ends[i]]``, which do not overlap, and what each counts.

    Args:
        window, decay, targets: as ``pair_weights`` takes them.

    Yields:
        for a range of items at a time, ``(source * table_size + target, sum)``, ascending.
    """
    left = _events_left(starts, ends, len(items))
    per_item = np.bincount(items[left > 0], minlength=table_size).astype(np.int64) * window
    part_of = np.cumsum(per_item) // PAIRS
    edges = [0, *(np.flatnonzero(np.diff(part_of)) + 1).tolist(), table_size]
    for low, high in itertools.pairwise(edges):
        positions = np.flatnonzero((items >= low) & (items < high) & (left > 0))
        source, target, weight = _pairs_from(positions, left[positions], window, decay, targets)
        yield sum_by_key(items[source].astype(np.int64) * table_size + items[target], weight)


def sum_by_key(
    keys: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The distinct ``keys`` in order, and the sum of each one's weights."""
    distinct, inverse = np.unique(keys, return_inverse=True)
    return distinct, np.bincount(inverse, weights, len(distinct)).astype(np.float64)


def _pairs_from(
    positions: npt.NDArray[np.int64],
    left: npt.NDArray[np.int64] | npt.NDArray[np.int32],
    window: int,
    decay: float,
    targets: npt.NDArray[np.bool_] | None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """``pair_weights`` of some positions, each with the events ``left`` from it to its sequence's end."""
    sources, arrivals, weights = [], [], []
    for step in range(1, window + 1):
        source = positions[left > step]
        source = source if targets is None else source[targets[source + step]]
        sources.append(source)
        arrivals.append(source + step)
        weights.append(np.full(len(source), step**-decay))
    return np.concatenate(sources), np.concatenate(arrivals), np.concatenate(weights)


def _events_left(starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int32]:
    """The events from each to the end of its sequence, itself among them, ``[count] int32``; 0 outside of all."""
    left = np.zeros(count, np.int32)
    for first in range(0, len(starts), RANGES):
        some = slice(first, first + RANGES)
        owner, positions = flat_ranges(starts[some], ends[some])
        left[positions] = ends[some][owner] - positions
    return left
