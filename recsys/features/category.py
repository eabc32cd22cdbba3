"""Categories, of which an item has none, one or several: genres, a brand, a creator."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.core.digests import digest
from recsys.features.encoded import EncodedFeature, padded
from recsys.features.encoder import CodedEncoder, Fingerprint
from recsys.features.lists import owners_of


@dataclass(frozen=True)
class CategoryEncoder(CodedEncoder):
    """Each value has a code, the most frequent first; what no item of training has, has none.

    >>> genres = CategoryEncoder(("drama", "war"))
    >>> genres.encode("genre", pa.array([["war", "drama"], ["opera"]])).rows.tolist()
    [[1, 2], [0, 0]]
    """

    values: tuple[str, ...]

    @classmethod
    def fit(cls, column: pa.ListArray, trained: npt.NDArray[np.bool_], before: Self | None) -> Self:
        """Number the values of the items that train, after those that were numbered ``before``."""
        met = pc.value_counts(column.filter(pa.array(trained)).flatten())
        order = [("counts", "descending"), ("values", "ascending")]
        table = pa.table({"values": met.field("values"), "counts": met.field("counts")}).sort_by(order)
        known = dict.fromkeys(before.values if before is not None else ())
        return cls(tuple({**known, **dict.fromkeys(table.column("values").to_pylist())}))

    def encode(self, name: str, column: pa.ListArray) -> EncodedFeature:
        """The codes of each item's distinct values, in ascending order."""
        codes = np.asarray(pc.fill_null(pc.index_in(column.flatten(), pa.array(self.values, pa.string())), -1)) + 1
        size = len(self.values) + 1
        cells = np.unique((owners_of(column) * size + codes)[codes > 0])
        counts = np.bincount(cells // size, minlength=len(column))
        return EncodedFeature(name, max(size - 1, 1), padded((cells % size).astype(np.int32), counts))

    def label(self, code: int) -> str | None:
        return self.values[code - 1] if code > 0 else None

    def to_json(self) -> dict[str, Any]:
        return {"values": list(self.values)}

    @classmethod
    def restored(cls, fitted: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Self:
        return cls(tuple(fitted["values"]))

    def fingerprint(self, values: int | None = None) -> Fingerprint:
        """Values that come after the first so many change nothing of what those mean."""
        covered = self.values[:values]
        return Fingerprint(digest(list(covered)), len(covered))
