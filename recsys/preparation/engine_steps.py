"""The steps as functions of messages, which an engine brings together: workers share no files.

``read`` gives a block's events by bucket and its items by partition of the catalog; ``merge`` gives back to each block
the codes of its items; ``encode`` writes them into the block's events, which then go to ``clean`` by bucket. The core
is found in rounds: ``drop_fallen`` of each bucket, ``count`` what is left, add up, ``advance``. ``number`` the chosen
items, and ``write`` each bucket.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recsys.core.schema import ITEM
from recsys.log.blocks import LogBlock
from recsys.preparation.exchange.bucket import Bucket
from recsys.preparation.exchange.catalog import merge_items
from recsys.preparation.exchange.messages import (
    Message,
    Numbered,
    event_messages,
    from_message,
    gather_messages,
    item_messages,
    pack,
    to_message,
    unpack,
    with_codes,
)
from recsys.preparation.exchange.remote import with_tables
from recsys.preparation.exchange.spill import ITEM_PARTITIONS
from recsys.preparation.job import Job
from recsys.preparation.rules import k_core
from recsys.preparation.rules.k_core import Events, count_items
from recsys.preparation.steps import Result, clean_events, fitted_events, number_vocabulary, read_events, write_bucket
from recsys.preparation.vocabulary_fit import VocabularyFit

NOTHING: Message = b""  # a null is no side input on Flink
Counts = npt.NDArray[np.int64]
_ITEMS, _OFFSETS, _TOTAL, _ALIVE, _IDS, _REASONS = "items", "offsets", "total", "alive", "ids", "drop_reasons"


class Read(NamedTuple):
    """What a block holds.

    Attributes:
        events: a message for each bucket.
        items: a message for each partition of the catalog.
    """

    result: Result
    events: Iterable[Numbered]
    items: Iterable[Numbered]


def read(job: Job, block: LogBlock) -> Read:
    """Parse, validate, filter and partition one block. The first names every bucket and partition, empty or not."""
    parts, result = read_events(job, block)
    job.keep_result("read", result)
    is_first = block.number == 0
    return Read(result, event_messages(parts, job.config.keep_events, is_first), item_messages(parts, is_first))


class Merged(NamedTuple):
    """A partition of the catalog: its items in order, and the places of each block's items among them."""

    size: int
    names: Message
    places: list[Numbered]


def merge(job: Job, partition: int, items: Iterable[Numbered]) -> Merged:
    """Merge one partition of the catalog, from the items of every block."""
    numbers, messages = zip(*sorted(items), strict=True)
    words, places = merge_items([unpack(message)[ITEM] for message in messages])
    job.keep_result("merge", {"number": partition, "items": len(words)})
    packed = [(number, pack({ITEM: part})) for number, part in zip(numbers, places, strict=True)]
    return Merged(len(words), pack({ITEM: words}), packed)


def encode(events: Iterable[Numbered], places: Iterable[Numbered], sizes: dict[int, int]) -> Iterator[Numbered]:
    """A block's events with catalog codes.

    Args:
        places: of ``merge``, by partition.
        sizes: how many items each partition of the catalog holds.
    """
    starts = np.cumsum([0, *(sizes[partition] for partition in range(ITEM_PARTITIONS))]).astype(np.int32)
    parts = [unpack(message)[ITEM].to_numpy() + starts[partition] for partition, message in sorted(places)]
    codes = np.concatenate([np.zeros(0, np.int32), *parts])
    for bucket, message in events:
        yield bucket, with_codes(message, codes)


def clean(job: Job, number: int, events: Iterable[Numbered]) -> Message:
    """Gather, order and clean one bucket of users, from its events in every block."""
    gathered = gather_messages((message for _, message in sorted(events)), job.cap)
    bucket, result = clean_events(job, number, gathered.events, gathered.names, gathered.hashes)
    job.keep_result("clean", result)
    return to_message(replace(bucket, items=gathered.codes[bucket.items]).batch())


def fitted(job: Job, bucket: Message, items: int) -> Message:
    """The events of a bucket that decide core and vocabulary, out of so many items."""
    return _pack(fitted_events(Bucket.of(from_message(bucket)), job), items)


def count(events: Message) -> Counts:
    """Each item's events in one bucket, ``[items] int64``; of all buckets they add up."""
    return count_items([_events(events)], unpack(events)[_TOTAL][0].as_py())


def begin(job: Job, counts: Counts, names: Iterable[Numbered]) -> VocabularyFit:
    """The choice of items in front of all rounds.

    Args:
        counts: of all buckets, added up.
        names: of ``merge``, by partition; looked at only where the config has a largest size.
    """
    return VocabularyFit.begin(counts, lambda: _names(names), job.config)


def drop_fallen(job: Job, alive: Message, events: Message) -> Message:
    """What of a bucket's events is left in a round; these are counted, and go to the next round."""
    mask = unpack(alive)[_ALIVE].to_numpy(zero_copy_only=False)
    left = k_core.drop_fallen(_events(events), mask, job.config.k_core, job.config.oov_buckets > 0)
    return _pack(left, len(mask))


def advance(job: Job, fit: VocabularyFit, counts: Counts) -> VocabularyFit:
    """End a round: ``counts`` of what was left of all buckets, added up."""
    return fit if fit.is_whole else fit.advance(counts, job.config)


def alive(fit: VocabularyFit) -> Message:
    """What ``drop_fallen`` has to know of a choice that is not made yet; ``NOTHING`` once it is."""
    return NOTHING if fit.is_whole else pack({_ALIVE: fit.core.alive})


def number(job: Job, fit: VocabularyFit, names: Iterable[Numbered]) -> Message:
    """Number the chosen items, and write the item table; ``NOTHING`` where more rounds are needed."""
    if not fit.is_whole:
        job.keep_result("fit", {"number": 0, "is_whole": False})
        return NOTHING
    with with_tables(job) as there:
        ids, drop_reasons, result = number_vocabulary(there, _names(names), fit)
    job.keep_result("fit", result)
    return pack({_IDS: ids, _REASONS: drop_reasons})


def write(job: Job, vocabulary: Message, number: int, bucket: Message) -> None:
    """Write one bucket's users as a shard."""
    known = unpack(vocabulary)
    ids, drop_reasons = known[_IDS].to_numpy(), known[_REASONS].to_numpy()
    job.keep_result("write", write_bucket(job, number, Bucket.of(from_message(bucket)), ids, drop_reasons))


def _pack(events: Events, items: int) -> Message:
    return pack({_ITEMS: events.items, _OFFSETS: events.offsets, _TOTAL: [items]})


def _events(message: Message) -> Events:
    columns = unpack(message)
    return Events(columns[_ITEMS].to_numpy(), columns[_OFFSETS].to_numpy())


def _names(partitions: Iterable[Numbered]) -> pa.ChunkedArray:
    """The external id of each item, by code."""
    return pa.chunked_array([unpack(message)[ITEM] for _, message in sorted(partitions)], pa.string())
