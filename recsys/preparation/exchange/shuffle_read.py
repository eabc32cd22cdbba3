"""A bucket's events, gathered from all blocks."""

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
    """All events of a bucket's users, in no particular order; of each user never more than ``cap`` and one block's.

    Returns:
        The distinct users in the order of their bytes; columns ``user_id`` (place among them), ``item_id``
        (catalog code), ``timestamp`` and, where the log has them, ``event_id``, ``event_type`` (as its hash) and
        ``value``; and how many events were over the cap.
    """
    names = pa.chunked_array([read_batch(block / USERS_FILE, number).column(0) for block in blocks], pa.string())
    users, ranks = rank_strings(names.combine_chunks())
    edges = np.cumsum([0, *(len(chunk) for chunk in names.chunks)])
    pieces: list[Columns] = []
    over = 0
    for block, path in enumerate(blocks):
        batch = read_batch(path / EVENTS_FILE, number)
        columns: Columns = {name: batch.column(name).to_numpy() for name in batch.schema.names}
        columns[USER] = ranks[edges[block] : edges[block + 1]][columns[USER]]
        columns[ITEM] = catalog.block_codes(block)[columns[ITEM]]
        pieces.append(columns)
        if cap is not None:
            whole = _concatenate(pieces)
            kept = newest_events(order_keys(whole, catalog.hashes), cap)
            over += int(len(kept) - kept.sum())
            pieces = [{name: values[kept] for name, values in whole.items()}]
    return users, _concatenate(pieces), over


def order_keys(events: Columns, item_hashes: npt.NDArray[np.uint64]) -> OrderKeys:
    """What orders a bucket's events; ``item_hashes`` by catalog code."""
    hashes = item_hashes[events[ITEM]]
    optional = (events.get(name) for name in (EVENT_ID, EVENT_TYPE, VALUE))
    return OrderKeys(events[USER], events[TIMESTAMP], hashes, *optional)


def _concatenate(pieces: list[Columns]) -> Columns:
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
