"""The dataset artefact: sequences, items, rejects, statistics and the manifest that binds them."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.artefact import check_files, digest, read_manifest
from recsys.data.history import CleaningPolicy
from recsys.data.sequences import Sequences
from recsys.data.vocabulary import Vocabulary
from recsys.errors import ArtefactError
from recsys.schema import COUNT, EXTERNAL_ID, ITEM, ITEMS, TIMESTAMPS, TRAIN_END, USER, VALIDATION_END

KIND = "dataset"
FORMAT_VERSION = 1
SEQUENCES_DIR = "sequences"
REJECTS_DIR = "rejects"
ITEMS_FILE = "items.parquet"
STATS_FILE = "stats.json"

SEQUENCE_SCHEMA = pa.schema(
    [
        (USER, pa.string()),
        (ITEMS, pa.list_(pa.int32())),
        (TIMESTAMPS, pa.list_(pa.int64())),
        (TRAIN_END, pa.int32()),
        (VALIDATION_END, pa.int32()),
    ]
)


def dataset_digest(counts: dict[str, Any], hashes: dict[str, str]) -> str:
    """32 hex digits over a dataset's content: its counts and the hashes of its files.

    Paths take no part, nor do ``rejects/``, whose rows name the files they came from.
    """
    return digest({"counts": counts, "files": {n: h for n, h in hashes.items() if not n.startswith(REJECTS_DIR)}})


class Dataset:
    """A dataset directory, opened for reading.

    Raises:
        ArtefactError: no dataset there, a damaged one (with ``verify``), or one of a newer format.
    """

    def __init__(self, path: Path | str, *, verify: bool = False) -> None:
        self.path = Path(path)
        self.manifest = read_manifest(self.path, KIND, FORMAT_VERSION)
        if verify:
            check_files(self.path, self.manifest["files"], KIND)

    @property
    def digest(self) -> str:
        """The content digest, ``dataset_digest``."""
        return str(self.manifest["dataset_digest"])

    @property
    def counts(self) -> dict[str, Any]:
        """What was read, rejected, dropped and written."""
        return dict(self.manifest["counts"])

    @property
    def policy(self) -> CleaningPolicy:
        return CleaningPolicy.from_json(self.manifest["cleaning"])

    @cached_property
    def items(self) -> pd.DataFrame:
        """The item table by internal id: ``item_id, external_id, count`` and metadata."""
        return pd.read_parquet(self.path / ITEMS_FILE)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        table = self.items
        if not np.array_equal(table[ITEM], np.arange(1, len(table) + 1)):
            raise ArtefactError(f"{self.path / ITEMS_FILE}: {ITEM} must count 1..{len(table)} in order")
        return Vocabulary(table[EXTERNAL_ID].tolist(), int(self.manifest["oov"]["buckets"]))

    @property
    def item_counts(self) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """How often each item was seen, ``[table_size] int64``, by internal id (padding and buckets 0)."""
        counts = np.zeros(self.vocabulary.table_size, np.int64)
        counts[1 : len(self.items) + 1] = self.items[COUNT]
        return counts

    @cached_property
    def sequences(self) -> Sequences:
        """Every user's sequence, in the order of the shards."""
        shards = sorted((self.path / SEQUENCES_DIR).glob("*.parquet"))
        table = pa.concat_tables([pq.read_table(shard, schema=SEQUENCE_SCHEMA) for shard in shards])
        table = table.combine_chunks()
        lists = table.column(ITEMS).combine_chunks()
        lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
        offsets = np.zeros(len(table) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return Sequences(
            users=table.column(USER).to_numpy(),
            offsets=offsets,
            items=lists.flatten().to_numpy(),
            timestamps=table.column(TIMESTAMPS).combine_chunks().flatten().to_numpy(),
            train_end=table.column(TRAIN_END).to_numpy().astype(np.int64),
            validation_end=table.column(VALIDATION_END).to_numpy().astype(np.int64),
        )
