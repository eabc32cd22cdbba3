"""Arrow files: what steps set down for one another."""

import os
from pathlib import Path

import pyarrow as pa


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
