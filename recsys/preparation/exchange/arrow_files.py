"""Arrow files in directories that appear whole: what steps set down for one another."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa


@contextmanager
def appear(target: Path) -> Iterator[Path]:
    """A directory that appears whole, by one rename; a step that runs twice leaves the first result."""
    aside = target.with_name(f".{target.name}-{uuid.uuid4().hex[:8]}")
    aside.mkdir(parents=True)
    try:
        yield aside
        try:
            aside.rename(target)
        except OSError:
            if not target.exists():
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


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
