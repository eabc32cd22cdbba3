"""A bundle's vocabulary: external ids to internal ones without a Python object an item.

A million ids take about 25 MB here (their bytes, hashes and order) where a dictionary takes 150.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recsys.bundle.strings import StringTable
from recsys.core.errors import ArtifactError
from recsys.core.hashing import hash_bytes, hash_strings
from recsys.core.schema import ID_DTYPE, PAD_ID
from recsys.core.vocabulary import bucket_ids


class BundleVocabulary:
    """The item in row ``i`` of the string table at ``path`` has internal id ``i + 1``.

    Encodes as ``recsys.core.vocabulary.Vocabulary`` does, out-of-vocabulary buckets included.

    Raises:
        ArtifactError: a damaged file, or an id that stands twice.
    """

    def __init__(self, path: Path, oov_buckets: int = 0) -> None:
        self.strings = StringTable(path)
        self.oov_buckets = oov_buckets
        hashes = hash_bytes(self.strings.data, self.strings.offsets)
        self._rows = np.argsort(hashes, kind="stable").astype(np.uint32)
        self._hashes = hashes[self._rows]
        self._refuse_repeats(path)

    def __len__(self) -> int:
        return len(self.strings)

    def __contains__(self, item: object) -> bool:
        return isinstance(item, str) and self._find(item, hash_strings([item])[0]) != PAD_ID

    def encode(self, items: Iterable[str]) -> npt.NDArray[np.int32]:
        """Internal ids, ``[n] int32``; an unknown item is ``PAD_ID``, or its bucket where there are buckets."""
        listed = list(items)
        hashes = hash_strings(listed)
        ids = np.fromiter(map(self._find, listed, hashes), ID_DTYPE, len(listed))
        if self.oov_buckets:
            ids = np.where(ids == PAD_ID, bucket_ids(hashes, len(self), self.oov_buckets), ids)
        return ids

    def decode(self, internal_id: int) -> str | None:
        """The external id, or None for padding and OOV buckets."""
        return self.strings[internal_id - 1] if PAD_ID < internal_id <= len(self) else None

    def _find(self, item: str, item_hash: np.uint64) -> int:
        wanted = item.encode()
        place = int(np.searchsorted(self._hashes, item_hash))
        while place < len(self._hashes) and self._hashes[place] == item_hash:
            row = int(self._rows[place])
            if self.strings.row_bytes(row) == wanted:
                return row + 1
            place += 1
        return PAD_ID

    def _refuse_repeats(self, path: Path) -> None:
        for place in np.flatnonzero(self._hashes[1:] == self._hashes[:-1]):
            first, second = (int(row) for row in self._rows[place : place + 2])
            if self.strings.row_bytes(first) == self.strings.row_bytes(second):
                raise ArtifactError(f"{path}: {self.strings[first]!r} stands in rows {first} and {second}; damaged")
