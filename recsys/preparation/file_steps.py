"""The steps as functions of files, which all workers share: a runner only decides where and when they run.

What a step sets down appears by one rename.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from recsys.core.publishing import appearing
from recsys.log.blocks import LogBlock
from recsys.preparation.exchange.bucket import Bucket
from recsys.preparation.exchange.catalog import merge_partition
from recsys.preparation.exchange.shuffle_read import gather_bucket
from recsys.preparation.exchange.spill import spill
from recsys.preparation.job import Job
from recsys.preparation.rules.k_core import Events
from recsys.preparation.steps import clean_events, fitted_events, number_vocabulary, read_events, write_bucket
from recsys.preparation.vocabulary_fit import fit_vocabulary

Result = dict[str, Any]
VOCABULARY_FILE = "vocabulary.npz"


def read(job: Job, block: LogBlock) -> Result:
    """Parse, validate, filter and partition one block."""
    parts, result = read_events(job, block)
    spill(parts, job.block_dirs()[block.number])
    return result


def merge(job: Job, partition: int) -> Result:
    """Merge one partition of the catalog."""
    return {"number": partition, "items": merge_partition(partition, job.block_dirs(), job.partition_dir(partition))}


def clean(job: Job, element: tuple[list[int], int]) -> Result:
    """Gather, order and clean one bucket of users: ``(sizes of the catalog's partitions, number)``."""
    sizes, number = element
    catalog = job.catalogue(sizes)
    gathered = gather_bucket(number, job.block_dirs(), catalog, job.cap)
    bucket, result = clean_events(job, number, gathered, catalog.names, catalog.hashes)
    with appearing(job.bucket_file(number)) as aside:
        bucket.write(aside)
    return result


def fit(job: Job, sizes: list[int]) -> Result:
    """Choose the items, number them, and write the item table."""

    def parts() -> Iterator[Events]:
        for number in range(job.buckets):
            yield fitted_events(Bucket.read(job.bucket_file(number)), job)

    names = job.catalogue(sizes).names
    ids, drop_reasons, result = number_vocabulary(job, names, fit_vocabulary(parts, names, job.config))
    with appearing(job.spill / VOCABULARY_FILE) as aside, aside.open("wb") as file:
        np.savez(file, ids=ids, drop_reasons=drop_reasons)
    return result


def write(job: Job, number: int) -> Result:
    """Write one bucket's users as a shard."""
    with np.load(job.spill / VOCABULARY_FILE) as vocabulary:
        ids, drop_reasons = vocabulary["ids"], vocabulary["drop_reasons"]
    return write_bucket(job, number, Bucket.read(job.bucket_file(number)), ids, drop_reasons)
