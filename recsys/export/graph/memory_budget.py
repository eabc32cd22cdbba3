"""Which entries of the transition memory a phone holds, where not all of them."""

import numpy as np
import numpy.typing as npt

from recsys.sequences.transitions import highest_pmi


def kept_entries(
    neighbours: npt.NDArray[np.int32],
    counts: npt.NDArray[np.float32],
    divisors: npt.NDArray[np.float32],
    average: int,
    added: int,
) -> npt.NDArray[np.bool_]:
    """Between known items, ``average`` entries a row on average, those that tell most of what all of them tell.

    Each added item keeps its ``average`` heaviest, and as many of those that lead to it: so nothing that another item
    keeps depends on it, and it is related to something however many known items there are.

    Args:
        neighbours, counts, divisors: of ``CompactMemory``.
        added: rows at the end that came after counting.

    Returns:
        ``[rows, trained]``.
    """
    rows = len(counts)
    known = rows - added
    is_old = (neighbours < known) & (np.arange(rows) < known)[:, None]
    kept = np.zeros(counts.shape, np.bool_)
    kept[:known] = highest_pmi(neighbours[:known], np.where(is_old, counts, 0)[:known], average * known)
    row, place = np.nonzero((counts > 0) & ~is_old)
    # What leaves an added item is a group, and what leads to it from known ones another.
    group = np.where(row >= known, row, rows + neighbours[row, place])
    order = np.lexsort((-counts[row, place] / divisors[row], group))
    heaviest = order[np.arange(len(order)) - np.searchsorted(group[order], group[order]) < average]
    kept[row[heaviest], place[heaviest]] = True
    return kept
