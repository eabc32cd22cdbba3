"""Categories, of which an item has none, one or several: genres, a brand, a creator."""

from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.features.encoded import EncodedFeature, padded
from recsys.features.lists import owners_of


class CategoryEncoder(NamedTuple):
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
        """The value that a code stands for; None of 0."""
        return self.values[code - 1] if code > 0 else None

    def to_json(self) -> dict[str, Any]:
        return {"values": list(self.values)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        return cls(tuple(value["values"]))
