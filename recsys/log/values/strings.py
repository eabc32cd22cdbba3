"""Arrow strings at the speed of arrays."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.core.hashing import hash_bytes


def hash_array(strings: pa.Array) -> npt.NDArray[np.uint64]:
    """``hash_strings`` of an Arrow string array, ``[n] uint64``, without a Python object a string."""
    if not len(strings):
        return np.zeros(0, np.uint64)
    _, offsets, data = strings.buffers()
    edges = np.frombuffer(offsets, np.int32)[strings.offset : strings.offset + len(strings) + 1].astype(np.int64)
    raw = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return hash_bytes(raw, edges)


def rank_strings(strings: pa.Array) -> tuple[pa.Array, npt.NDArray[np.int32]]:
    """The distinct strings in the order of their bytes, and the place of each string among them, ``[n] int32``."""
    encoded = strings.dictionary_encode()
    order = np.asarray(pc.sort_indices(encoded.dictionary))
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return encoded.dictionary.take(pa.array(order)), rank[encoded.indices.to_numpy()]
