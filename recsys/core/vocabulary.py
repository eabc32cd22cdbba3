"""External item ids and their internal ids."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from recsys.core.digests import digest
from recsys.core.errors import DataError
from recsys.core.hashing import hash_strings
from recsys.core.schema import ID_DTYPE, PAD_ID


def bucket_ids(hashes: npt.NDArray[np.uint64], items: int, oov_buckets: int) -> npt.NDArray[np.int32]:
    """Internal ids of items that are not among the ``items`` known ones, by the hashes of their names, ``[n] int32``.

    >>> bucket_ids(np.array([6, 7], np.uint64), 10, 4).tolist()
    [13, 14]
    """
    return (hashes % np.uint64(oov_buckets)).astype(ID_DTYPE) + ID_DTYPE(PAD_ID + 1 + items)


class Vocabulary:
    """External ids in internal order: the item at ``external_ids[i]`` has internal id ``i + 1``.

    An item outside the vocabulary is mapped to ``PAD_ID`` when ``oov_buckets`` is 0 (histories then skip it),
    otherwise to one of the ids ``n + 1 .. n + oov_buckets`` by its hash.

    >>> vocabulary = Vocabulary(["50", "181"])
    >>> vocabulary.encode(["181", "unknown"]).tolist(), vocabulary.decode(1)
    ([2, 0], '50')
    >>> Vocabulary(["50", "181"], oov_buckets=4).encode(["181", "unknown"]).tolist()
    [2, 4]

    Raises:
        DataError: an id stands twice.
    """

    def __init__(self, external_ids: Sequence[str], oov_buckets: int = 0) -> None:
        self.external_ids = tuple(external_ids)
        self.oov_buckets = oov_buckets
        self._index = {item: number for number, item in enumerate(self.external_ids, start=PAD_ID + 1)}
        if len(self._index) != len(self.external_ids):
            raise DataError(
                f"vocabulary: {len(self.external_ids) - len(self._index)} item ids stand twice; each must be unique"
            )

    def __len__(self) -> int:
        return len(self.external_ids)

    def __contains__(self, item: object) -> bool:
        return item in self._index

    @property
    def digest(self) -> str:
        """32 hex digits over the external ids in order: equal where internal ids mean the same."""
        return digest(self.external_ids)

    @property
    def table_size(self) -> int:
        """Rows of an embedding table: the padding, the items, the buckets."""
        return 1 + len(self.external_ids) + self.oov_buckets

    def encode(self, items: Iterable[str]) -> npt.NDArray[np.int32]:
        """Internal ids, ``[n] int32``; see the class for unknown items."""
        listed = list(items)
        ids = np.fromiter((self._index.get(item, PAD_ID) for item in listed), ID_DTYPE, len(listed))
        if self.oov_buckets:
            unknown = np.flatnonzero(ids == PAD_ID)
            ids[unknown] = bucket_ids(hash_strings([listed[i] for i in unknown]), len(self), self.oov_buckets)
        return ids

    def decode(self, internal_id: int) -> str | None:
        """The external id, or None for padding and OOV buckets."""
        inside = PAD_ID < internal_id <= len(self.external_ids)
        return self.external_ids[internal_id - 1] if inside else None
