"""Arrow files, which steps set down for one another, and strings at the speed of arrays."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.core.hashing import hash_bytes


def write_batches(path: Path, batches: list[pa.RecordBatch]) -> None:
    """Write an Arrow file, on disk when this returns."""
    with path.open("wb") as file:
        with pa.ipc.new_file(file, batches[0].schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        file.flush()
        os.fsync(file.fileno())


def read_batch(path: Path, number: int) -> pa.RecordBatch:
    """One record batch of an Arrow file, read through a memory map."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).get_batch(number)


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
