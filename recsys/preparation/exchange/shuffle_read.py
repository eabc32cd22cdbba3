"""A bucket's events, gathered from all blocks."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recsys.core.order import OrderKeys
from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER, VALUE
from recsys.preparation.exchange.arrow import rank_strings, read_batch
from recsys.preparation.exchange.catalog import Catalog
from recsys.preparation.exchange.spill import EVENTS_FILE, USERS_FILE
from recsys.preparation.rules.truncation import Cap, newest_events

Columns = dict[str, npt.NDArray[Any]]


def gather_bucket(number: int, blocks: list[Path], catalog: Catalog, cap: Cap | None) -> tuple[pa.Array, Columns, int]:
    """``gather`` of what was spilled; items are catalog codes."""

    def pieces() -> Iterator[Columns]:
        for block, path in enumerate(blocks):
            events = columns_of(read_batch(path / EVENTS_FILE, number))
            yield {**events, ITEM: catalog.block_codes(block)[events[ITEM]]}

    users = [read_batch(block / USERS_FILE, number).column(0) for block in blocks]
    return gather(users, pieces(), catalog.hashes, cap)


def gather(
    users: list[pa.Array], pieces: Iterable[Columns], item_hashes: npt.NDArray[np.uint64], cap: Cap | None
) -> tuple[pa.Array, Columns, int]:
    """All events of a bucket's users, in no particular order; of each user never more than ``cap`` and one block's.

    Args:
        users: each block's distinct users.
        pieces: each block's events, ``user_id`` a place among its users, ``item_id`` a place in ``item_hashes``.

    Returns:
        The distinct users in the order of their bytes; columns ``user_id`` (place among them), ``item_id``,
        ``timestamp`` and, where the log has them, ``event_id``, ``event_type`` (as its hash) and ``value``; and how
        many events were over the cap.
    """
    known, ranks = rank_strings(pa.chunked_array(users, pa.string()).combine_chunks())
    edges = np.cumsum([0, *map(len, users)])
    gathered: list[Columns] = []
    over = 0
    for block, columns in enumerate(pieces):
        gathered.append({**columns, USER: ranks[edges[block] : edges[block + 1]][columns[USER]]})
        if cap is not None:
            whole = _concatenate(gathered)
            kept = newest_events(order_keys(whole, item_hashes), cap)
            over += int(len(kept) - kept.sum())
            gathered = [{name: values[kept] for name, values in whole.items()}]
    return known, _concatenate(gathered), over


def columns_of(batch: pa.RecordBatch) -> Columns:
    """The columns of a batch as arrays; nothing is copied."""
    return {name: batch.column(name).to_numpy() for name in batch.schema.names}


def order_keys(events: Columns, item_hashes: npt.NDArray[np.uint64]) -> OrderKeys:
    """What orders a bucket's events; ``item_hashes`` by their items' codes."""
    hashes = item_hashes[events[ITEM]]
    optional = (events.get(name) for name in (EVENT_ID, EVENT_TYPE, VALUE))
    return OrderKeys(events[USER], events[TIMESTAMP], hashes, *optional)


def _concatenate(pieces: list[Columns]) -> Columns:
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
