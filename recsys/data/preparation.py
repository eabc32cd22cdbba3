"""The steps from log to shards, each a function of files: a runner only decides where and when they run.

``read`` a block → ``merge`` a partition of the catalogue → ``clean`` a bucket of users → ``fit`` core and
vocabulary → ``write`` a bucket as a shard. Every step may run twice: what it sets down appears by one rename and is
the same each time. Each returns its counts as a JSON object; no runner's own metrics are relied on.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.config.data import DataConfig
from recsys.config.prepare import PrepareConfig
from recsys.data.bucket import Bucket, clean_bucket, gather_bucket
from recsys.data.catalogue import Catalogue, merge_partition
from recsys.data.core import Events, find_core, in_core
from recsys.data.dataset import ITEMS_FILE, REJECTS_DIR, SEQUENCES_DIR
from recsys.data.history import CleaningPolicy
from recsys.data.item_table import join_metadata, number_items
from recsys.data.log import Block
from recsys.data.reading import Reject, read_block
from recsys.data.shards import shard_name, write_shard
from recsys.data.spill import ITEM_PARTITIONS, spill_events
from recsys.data.splits import leave_one_out
from recsys.data.validation import validate
from recsys.schema import EVENT_ID, ITEM, TIMESTAMP, USER

Result = dict[str, Any]
IDS_FILE = "ids.npy"


@dataclass(frozen=True)
class Job:
    """What every step needs to know.

    Attributes:
        spill: a directory that all workers share, for what passes between steps.
        target: the dataset in the making.
        blocks, buckets: how many of each there are.
    """

    spill: Path
    target: Path
    data: DataConfig
    config: PrepareConfig
    blocks: int
    buckets: int

    @property
    def columns(self) -> dict[str, str]:
        """Our name of each column, and the log's own."""
        return source_columns(self.data)

    @property
    def policy(self) -> CleaningPolicy:
        return CleaningPolicy(self.config.drop_duplicates, self.config.drop_repeats)

    def block_dirs(self) -> list[Path]:
        return [self.spill / "blocks" / f"{number:05d}" for number in range(self.blocks)]

    def partition_dir(self, partition: int) -> Path:
        return self.spill / "catalogue" / f"{partition:05d}"

    def bucket_file(self, bucket: int) -> Path:
        return self.spill / "buckets" / f"{bucket:05d}.arrow"

    def catalogue(self, sizes: list[int]) -> Catalogue:
        return Catalogue(tuple(self.partition_dir(p) for p in range(ITEM_PARTITIONS)), tuple(sizes))

    def make_dirs(self) -> None:
        for directory in ("blocks", "catalogue", "buckets"):
            (self.spill / directory).mkdir(parents=True)
        for directory in (SEQUENCES_DIR, REJECTS_DIR):
            (self.target / directory).mkdir()


def source_columns(data: DataConfig) -> dict[str, str]:
    """Our name of each column that is read, and the log's own."""
    columns = {USER: data.columns.user, ITEM: data.columns.item, TIMESTAMP: data.columns.timestamp}
    if data.columns.event_id is not None:
        columns[EVENT_ID] = data.columns.event_id
    return columns


def read(job: Job, block: Block) -> Result:
    """Parse, validate and partition one block."""
    whole = frozenset({EVENT_ID} if job.data.timestamp_unit == "iso8601" else {EVENT_ID, TIMESTAMP})
    raw = read_block(block, job.columns, whole, job.data.delimiter)
    events, rejects = validate(raw, job.data.timestamp_unit, block.origin)
    spill_events(events, job.buckets, job.block_dirs()[block.number])
    write_rejects(rejects, job.target / REJECTS_DIR / f"block-{block.number:05d}.parquet")
    return {"number": block.number, "events": len(events), "rejected": dict(Counter(one.reason for one in rejects))}


def merge(job: Job, partition: int) -> Result:
    """Merge one partition of the catalogue."""
    return {"number": partition, "items": merge_partition(partition, job.block_dirs(), job.partition_dir(partition))}


def clean(job: Job, element: tuple[list[int], int]) -> Result:
    """Gather, order and clean one bucket of users: ``(sizes of the catalogue's partitions, number)``."""
    sizes, number = element
    catalogue = job.catalogue(sizes)
    users, events = gather_bucket(number, job.block_dirs(), catalogue)
    bucket, dropped = clean_bucket(users, events, catalogue.hashes, job.policy)
    path = job.bucket_file(number)
    aside = path.with_name(f".{path.name}-{os.getpid()}")
    bucket.write(aside)
    aside.replace(path)
    return {"number": number, "events": len(bucket.items), "users": len(bucket.users), "dropped": dropped}


def fit(job: Job, sizes: list[int]) -> Result:
    """Find the core, number the items that it keeps, and write the item table."""

    def parts() -> Iterator[Events]:
        for number in range(job.buckets):
            bucket = Bucket.read(job.bucket_file(number))
            yield Events(bucket.items, bucket.offsets)

    core = find_core(parts, sum(sizes), job.config.k_core)
    ids, table = number_items(job.catalogue(sizes).names, core.counts)
    if job.data.items is not None:
        table = join_metadata(table, job.data.items)
    pq.write_table(table, job.target / ITEMS_FILE, compression="zstd")
    np.save(job.spill / IDS_FILE, ids)
    return {"number": 0, "items": len(table), "rounds": core.rounds}


def write(job: Job, number: int) -> Result:
    """Write one bucket's users as a shard."""
    bucket = Bucket.read(job.bucket_file(number))
    ids = np.load(job.spill / IDS_FILE, mmap_mode="r")
    kept = in_core(Events(bucket.items, bucket.offsets), ids > 0, job.config.k_core)
    bucket = bucket.keep(kept)
    bucket = Bucket(bucket.users, bucket.offsets, ids[bucket.items], bucket.timestamps)
    train_end, validation_end = leave_one_out(bucket.offsets)
    write_shard(bucket, train_end, validation_end, job.target / SEQUENCES_DIR / shard_name(number))
    return {
        "number": number,
        "users": len(bucket.users),
        "events": len(bucket.items),
        "train": int(train_end.sum()),
        "validation": int((validation_end - train_end).sum()),
        "dropped": {"core": int(len(kept) - kept.sum())},
    }


def write_rejects(rejects: list[Reject], path: Path) -> None:
    """Keep refused rows with reason and origin; without any, no file."""
    if rejects:
        columns = {name: [getattr(one, name) for one in rejects] for name in ("reason", "origin", "row", "text")}
        pq.write_table(pa.table(columns), path, compression="zstd")


def read_results(spill: Path, step: str) -> list[Result]:
    """What a step's elements returned, in their order."""
    results: list[Result] = json.loads((spill / f"{step}.json").read_text())
    return results
