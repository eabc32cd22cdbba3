"""What is known of items beside their events, as numbers that a model reads."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa


class EncodedFeature(NamedTuple):
    """One column of the item table, a row an item.

    Attributes:
        name: of the column.
        values: codes run ``1..values``, and 0 says nothing; 0 where the rows are vectors.
        rows: ``[items, width]``: ``int32`` codes, 0 after an item's last one, or ``float32`` vectors of length 1, all
            zeros where nothing is known.
    """

    name: str
    values: int
    rows: npt.NDArray[Any]

    @property
    def is_coded(self) -> bool:
        return self.values > 0

    def inside(self, table_size: int) -> "EncodedFeature":
        """The same by internal id, ``[table_size, width]``: nothing is known of padding and of OOV buckets."""
        below = table_size - 1 - len(self.rows)
        return self._replace(rows=np.pad(self.rows, [(1, below), (0, 0)]))

    def to_arrow(self) -> pa.Array:
        """A column of lists: an item's codes, or its vector."""
        if not self.is_coded:
            return pa.FixedSizeListArray.from_arrays(pa.array(self.rows.ravel()), self.rows.shape[1])
        real = self.rows > 0
        ends = np.concatenate([[0], np.cumsum(real.sum(1))]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(ends), pa.array(self.rows[real]))

    @classmethod
    def from_arrow(cls, name: str, values: int, column: pa.ChunkedArray) -> "EncodedFeature":
        """What ``to_arrow`` gave."""
        if values == 0:
            rows = [chunk.flatten().to_numpy().reshape(len(chunk), -1) for chunk in column.chunks]
            return cls(name, 0, np.concatenate(rows))
        lists = column.combine_chunks()
        return cls(name, values, padded(lists.flatten().to_numpy(), lists.value_lengths().to_numpy()))


def padded(codes: npt.NDArray[np.int32], counts: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.int32]:
    """Codes of one item after another as rows, 0 after each one's last: ``[items, most] int32``; ``most`` is 1 or more.

    >>> padded(np.array([3, 1, 2]), np.array([2, 0, 1])).tolist()
    [[3, 1], [0, 0], [2, 0]]
    """
    rows = np.zeros((len(counts), max(int(counts.max(initial=0)), 1)), np.int32)
    rows[np.arange(rows.shape[1]) < counts[:, None]] = codes
    return rows
