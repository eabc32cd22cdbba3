"""Cold targets among cold items alone: whether what nobody has touched is told apart, whatever else there is."""

from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.schema import PAD_ID
from recsys.evaluation.ranking import rank_targets

COLD_RANK, COLD_ITEMS = COLD_COLUMNS = ("cold_rank", "cold_items")  # of the ranks


class ColdRanks:
    """Ranks each batch's cold targets among the items that no event trains.

    Args:
        counts: how often each item trains, ``[table]``, by internal id.
        items: of the vocabulary; rows above are no items.

    Attributes:
        ids: of the cold items, ``[cold]``.
    """

    def __init__(self, counts: npt.NDArray[np.integer[Any]], items: int) -> None:
        ids = np.flatnonzero(counts[: items + 1] == 0)
        self.ids = ids[ids != PAD_ID]
        self._parts: list[npt.NDArray[np.float64]] = []

    def __call__(self, scores: npt.NDArray[Any], wanted: npt.NDArray[np.integer[Any]]) -> None:
        """Take one more batch: ``scores [b, items + 1]``, −inf where an item is out, and its targets ``wanted [b]``."""
        found = np.full((2, len(wanted)), np.nan)
        rows = np.flatnonzero(np.isin(wanted, self.ids))
        if len(rows):
            among = scores[np.ix_(rows, self.ids)]
            found[0, rows] = rank_targets(among, np.searchsorted(self.ids, wanted[rows]))
            found[1, rows] = np.isfinite(among).sum(axis=1)
        self._parts.append(found)

    def columns(self) -> dict[str, npt.NDArray[np.float64]]:
        """Of all targets so far, NaN of those that are not cold; nothing where none is.

        Returns:
            ``cold_rank [m]``, ties sharing their mean, and ``cold_items [m]``, how many items were ranked for it.
        """
        found = np.concatenate(self._parts, axis=1) if self._parts else np.empty((2, 0))
        return {} if np.isnan(found).all() else {COLD_RANK: found[0], COLD_ITEMS: found[1]}
