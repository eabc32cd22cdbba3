"""Validated events, partitioned by user and item, and set down on disk between two steps.

One directory a block: ``events.arrow`` holds a record batch for each bucket of users, ``users.arrow`` that bucket's
distinct users, ``items.arrow`` a batch of distinct items for each partition of the catalog. Events name their
user by its place in the batch and their item by its place in the block, so that strings are met once a block.
"""

import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recsys.core.order import OrderKeys
from recsys.core.publishing import appearing_directory
from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER, VALUE
from recsys.preparation.exchange.arrow import hash_array, write_batches
from recsys.preparation.rules.truncation import Cap, newest_events

EVENTS_FILE, USERS_FILE, ITEMS_FILE = "events.arrow", "users.arrow", "items.arrow"
ITEM_PARTITIONS = 8


class Partitioned(NamedTuple):
    """A block's events in the order of their buckets, and its distinct strings in the order of their parts.

    Attributes:
        events: ``user_id`` (place among its bucket's users), ``item_id`` (place in ``items``), ``timestamp`` and, where
            the log has them, ``event_id``, ``event_type`` (as its hash) and ``value``.
        event_edges, user_edges: ``[buckets + 1]``; bucket ``b`` has ``edges[b]:edges[b + 1]``.
        item_edges: ``[ITEM_PARTITIONS + 1]``, of the catalog's partitions.
        over: how many events were left out because their user has more than the cap allows.
    """

    events: pa.RecordBatch
    event_edges: npt.NDArray[np.int64]
    users: pa.Array
    user_edges: npt.NDArray[np.int64]
    items: pa.Array
    item_edges: npt.NDArray[np.int64]
    over: int


def partition_events(events: pa.Table, buckets: int, cap: Cap | None) -> Partitioned:
    """Partition a block's events by a stable hash of the user, and its items by one of the item."""
    users, items = (events.column(name).combine_chunks() for name in (USER, ITEM))
    user_strings, user_codes, user_edges = _partition(users, buckets)
    item_strings, item_codes, item_edges = _partition(items, ITEM_PARTITIONS)
    numbers = np.arange(buckets, dtype=np.uint16 if buckets <= 1 << 16 else np.uint32)  # 16 bits sort by radix
    bucket_of = np.repeat(numbers, np.diff(user_edges))[user_codes]
    order = np.argsort(bucket_of, kind="stable")
    types = None
    if EVENT_TYPE in events.column_names:
        types = _type_hashes(events.column(EVENT_TYPE).combine_chunks())
    values = _values(events.column(VALUE)) if VALUE in events.column_names else None
    if cap is not None:
        arrival = events.column(EVENT_ID).to_numpy() if EVENT_ID in events.column_names else None
        times, item_hashes = events.column(TIMESTAMP).to_numpy(), hash_array(item_strings)[item_codes]
        order = order[newest_events(OrderKeys(user_codes, times, item_hashes, arrival, types, values), cap)[order]]
    edges = np.searchsorted(bucket_of[order], np.arange(buckets + 1))
    columns = {USER: pa.array(user_codes[order] - user_edges[bucket_of[order]].astype(np.int32))}
    columns[ITEM] = pa.array(item_codes[order])
    for name in (TIMESTAMP, EVENT_ID):
        if name in events.column_names:
            columns[name] = pa.array(events.column(name).to_numpy()[order])
    if types is not None:
        columns[EVENT_TYPE] = pa.array(types[order])
    if values is not None:
        columns[VALUE] = pa.array(values[order])
    over = len(events) - len(order)
    return Partitioned(pa.record_batch(columns), edges, user_strings, user_edges, item_strings, item_edges, over)


def spill(parts: Partitioned, directory: Path) -> None:
    """Set a partitioned block down."""
    with appearing_directory(directory) as aside:
        write_batches(aside / EVENTS_FILE, cut(parts.events, parts.event_edges))
        write_batches(aside / USERS_FILE, cut(pa.record_batch({USER: parts.users}), parts.user_edges))
        write_batches(aside / ITEMS_FILE, cut(pa.record_batch({ITEM: parts.items}), parts.item_edges))


def cut(batch: pa.RecordBatch, edges: npt.NDArray[np.int64]) -> list[pa.RecordBatch]:
    """The rows between each two edges; nothing is copied."""
    return [batch.slice(a, b - a) for a, b in itertools.pairwise(edges)]


def _values(column: pa.ChunkedArray) -> npt.NDArray[np.float32]:
    """Values, ``[n] float32``: NaN where one is missing, and one zero, not two that are equal and of other bytes."""
    values: npt.NDArray[np.float32] = column.to_numpy().astype(np.float32) + np.float32(0.0)
    return values


def _type_hashes(types: pa.Array) -> npt.NDArray[np.uint64]:
    """Event types by their hash, which is how events that were stored have them already."""
    if pa.types.is_dictionary(types.type):
        types = pa.array(hash_array(types.dictionary)).take(types.indices)
    hashes: npt.NDArray[np.uint64] = types.to_numpy()
    return hashes


def _partition(column: pa.DictionaryArray, parts: int) -> tuple[pa.Array, npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """A dictionary in the order of its parts: ``(strings, each event's place in them, edges of the parts)``.

    Only strings that occur are kept.
    """
    codes = column.indices.to_numpy()
    used = np.flatnonzero(np.bincount(codes, minlength=len(column.dictionary)))
    strings = column.dictionary.take(pa.array(used))
    part = hash_array(strings) % np.uint64(parts)
    order = np.argsort(part, kind="stable")
    place = np.zeros(len(column.dictionary), np.int32)
    place[used[order]] = np.arange(len(used), dtype=np.int32)
    edges = np.searchsorted(part[order], np.arange(parts + 1))
    return strings.take(pa.array(order)), place[codes], edges
