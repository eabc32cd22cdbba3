"""What is known to go together before anybody has gone from one to the other: weighted relations between items."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.sequences.transitions import Transitions, keep_heaviest


class Relations(NamedTuple):
    """Relations from items to items, one an entry, sorted by both.

    Attributes:
        item_id: ``[n] int32``, the internal id of the item that each begins at.
        related_id: ``[n] int32``, of the one that it leads to.
        weight: ``[n] float64``, above 0.
    """

    item_id: npt.NDArray[np.int32]
    related_id: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float64]


class RelatedShares(NamedTuple):
    """The strongest relations of each item.

    Attributes:
        neighbours: ``[table, n] int32`` item ids, strongest first, then ``PAD_ID``.
        shares: ``[table, n] float32``, of the weights of all of an item's relations; 0 beside ``PAD_ID``.
    """

    neighbours: npt.NDArray[np.int32]
    shares: npt.NDArray[np.float32]


def related_shares(relations: Relations, table_size: int, most: int) -> RelatedShares:
    """The rows of ``relations``, as wide as the longest row, at most ``most``.

    >>> found = related_shares(Relations(np.array([1, 1]), np.array([2, 3]), np.array([1.0, 3.0])), 4, most=8)
    >>> found.neighbours[1].tolist(), found.shares[1].tolist()
    ([3, 2], [0.75, 0.25])
    """
    longest = int(np.bincount(relations.item_id, minlength=1).max())
    largest = np.ones(table_size)  # weights may add up to more than there is a number for
    np.maximum.at(largest, relations.item_id, relations.weight)
    keys = relations.item_id.astype(np.int64) * table_size + relations.related_id
    kept = keep_heaviest(keys, relations.weight / largest[relations.item_id], table_size, min(max(longest, 1), most))
    return RelatedShares(kept.neighbours, _shares(kept))


def _shares(rows: Transitions) -> npt.NDArray[Any]:
    shares: npt.NDArray[Any] = rows.weights / np.where(rows.totals > 0, rows.totals, 1.0)[:, None]
    return shares.astype(np.float32)
