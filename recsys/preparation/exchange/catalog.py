"""All items of a log under integer codes, from the distinct items that each block met.

The catalog is merged in partitions by a hash of the item, so that no step holds all of it, and what goes back to a
block is an array of codes, not strings. Codes follow the partition, then the item's bytes: the same whatever the
blocks were.
"""

import itertools
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recsys.core.publishing import appearing_directory
from recsys.core.schema import ITEM
from recsys.preparation.exchange.arrow import hash_array, rank_strings, read_batch, write_batches
from recsys.preparation.exchange.spill import ITEMS_FILE

CODES_FILE, HASHES_FILE = "codes.arrow", "hashes.npy"


def merge_items(parts: list[pa.Array]) -> tuple[pa.Array, list[npt.NDArray[np.int32]]]:
    """The distinct items of one partition in the order of their bytes, and the place of each item of each part."""
    words, codes = rank_strings(pa.chunked_array(parts, pa.string()).combine_chunks())
    edges = np.cumsum([0, *map(len, parts)])
    return words, [codes[a:b] for a, b in itertools.pairwise(edges)]


def merge_partition(partition: int, blocks: list[Path], directory: Path) -> int:
    """Merge one partition's items of all blocks; returns how many are distinct."""
    words, codes = merge_items([read_batch(block / ITEMS_FILE, partition).column(0) for block in blocks])
    with appearing_directory(directory) as aside:
        write_batches(aside / ITEMS_FILE, [pa.record_batch({ITEM: words})])
        write_batches(aside / CODES_FILE, [pa.record_batch({ITEM: pa.array(part)}) for part in codes])
        np.save(aside / HASHES_FILE, hash_array(words))
    return len(words)


@dataclass(frozen=True)
class Catalog:
    """The merged partitions, opened for reading.

    Attributes:
        partitions: their directories, in order.
        sizes: how many items each holds.
    """

    partitions: tuple[Path, ...]
    sizes: tuple[int, ...]

    def __len__(self) -> int:
        return sum(self.sizes)

    def block_codes(self, block: int) -> npt.NDArray[np.int32]:
        """The code of each of a block's distinct items, in the block's order: ``[m] int32``."""
        starts = np.cumsum([0, *self.sizes])
        parts = [
            read_batch(directory / CODES_FILE, block).column(0).to_numpy() + np.int32(start)
            for directory, start in zip(self.partitions, starts, strict=False)
        ]
        return np.concatenate(parts)

    @cached_property
    def hashes(self) -> npt.NDArray[np.uint64]:
        """The stable hash of each item, ``[items] uint64``, by code."""
        return np.concatenate([np.load(directory / HASHES_FILE) for directory in self.partitions])

    @cached_property
    def names(self) -> pa.ChunkedArray:
        """The external id of each item, by code."""
        return pa.chunked_array(
            [read_batch(directory / ITEMS_FILE, 0).column(0) for directory in self.partitions], pa.string()
        )
