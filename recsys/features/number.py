"""Numbers, such as a price or a year: in which quantile of the items that train each one lies."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recsys.features.encoded import EncodedFeature
from recsys.features.encoder import CodedEncoder

BUCKETS = 16


@dataclass(frozen=True)
class NumberEncoder(CodedEncoder):
    """Buckets between ``edges``, and one more for items of which the number is not known.

    >>> NumberEncoder((10.0, 20.0)).encode("price", np.array([5.0, 10.0, 99.0, np.nan])).rows.ravel().tolist()
    [1, 2, 3, 4]
    """

    edges: tuple[float, ...]

    @classmethod
    def fit(cls, column: npt.NDArray[np.float64], trained: npt.NDArray[np.bool_], before: Self | None) -> Self:
        """Cut at the quantiles of the items that train; where numbers were known ``before``, as it was cut then."""
        if before is not None and before.edges:
            return before
        known = column[trained & ~np.isnan(column)]
        inner = np.arange(1, BUCKETS) / BUCKETS
        # Of the halves: what lies between the largest numbers and their opposites is more than a number can be.
        return cls(tuple(np.unique(2 * np.quantile(known / 2, inner)).tolist()) if len(known) else ())

    def encode(self, name: str, column: npt.NDArray[np.float64]) -> EncodedFeature:
        """One code an item."""
        missing = len(self.edges) + 2
        codes = np.where(np.isnan(column), missing, 1 + np.searchsorted(self.edges, column, side="right"))
        return EncodedFeature(name, missing, codes.astype(np.int32)[:, None])

    def label(self, code: int) -> str | None:
        """The bucket that a code stands for; None of 0 and where the number is not known.

        >>> [NumberEncoder((10.0, 20.5)).label(code) for code in range(5)]
        [None, 'below 10', '10 to 20.5', 'from 20.5', None]
        """
        edges = [f"{edge:.12g}" for edge in self.edges]
        if not 0 < code <= len(edges) + 1:
            return None
        if not edges:
            return "known"
        if code == 1:
            return f"below {edges[0]}"
        return f"{edges[code - 2]} to {edges[code - 1]}" if code <= len(edges) else f"from {edges[-1]}"

    def to_json(self) -> dict[str, Any]:
        return {"edges": list(self.edges)}

    @classmethod
    def restored(cls, fitted: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Self:
        return cls(tuple(fitted["edges"]))
