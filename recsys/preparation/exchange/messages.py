"""What passes between steps as bytes: named arrays of any lengths, and the events of a bucket that a block holds."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recsys.core.schema import ITEM, USER
from recsys.preparation.exchange.arrow import hash_array
from recsys.preparation.exchange.shuffle_read import Columns, columns_of, gather
from recsys.preparation.exchange.spill import Partitioned, cut
from recsys.preparation.rules.truncation import Cap

Message = bytes
Numbered = tuple[int, Message]  # the number tells which of many
_USERS, _PLACES, _CODES, _HASHES, _NAMES = ".users", ".places", ".codes", ".hashes", ".names"


def pack(columns: Mapping[str, Any]) -> Message:
    """Arrays, of numpy or Arrow, as one Arrow stream: a row of lists, so that their lengths may differ."""
    arrays = {name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in columns.items()}
    offsets = {name: pa.array([0, len(values)], pa.int32()) for name, values in arrays.items()}
    lists = {name: pa.ListArray.from_arrays(offsets[name], values) for name, values in arrays.items()}
    return to_message(pa.record_batch(lists))


def unpack(message: Message) -> dict[str, pa.Array]:
    """What ``pack`` was given; nothing is copied."""
    batch = from_message(message)
    return {name: batch.column(name).flatten() for name in batch.schema.names}


def to_message(batch: pa.RecordBatch) -> Message:
    """A batch with its schema."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def from_message(message: Message) -> pa.RecordBatch:
    """What ``to_message`` was given; nothing is copied."""
    return pa.ipc.open_stream(message).read_next_batch()


def event_messages(parts: Partitioned, keep_names: bool, everything: bool) -> Iterator[Numbered]:
    """A block's events by bucket, with their own users and items: places in the block's items, hashes, perhaps names.

    Args:
        everything: buckets without an event get a message, too.
    """
    hashes = hash_array(parts.items)
    users = cut(pa.record_batch({USER: parts.users}), parts.user_edges)
    for bucket, batch in enumerate(cut(parts.events, parts.event_edges)):
        if len(batch) or len(users[bucket]) or everything:
            events = columns_of(batch)
            places, events[ITEM] = _distinct(events[ITEM])
            own = {_USERS: users[bucket].column(0), _PLACES: places, _HASHES: hashes[places]}
            if keep_names:
                own[_NAMES] = parts.items.take(pa.array(places))
            yield bucket, pack({**own, **events})


def item_messages(parts: Partitioned, everything: bool) -> Iterator[Numbered]:
    """A block's distinct items by partition of the catalog; ``everything`` as ``event_messages``."""
    for partition, batch in enumerate(cut(pa.record_batch({ITEM: parts.items}), parts.item_edges)):
        if len(batch) or everything:
            yield partition, pack({ITEM: batch.column(0)})


def with_codes(message: Message, codes: npt.NDArray[np.int32]) -> Message:
    """Events whose items have catalog codes: ``codes``, ``[m] int32``, of the block's items in their order."""
    columns = unpack(message)
    places = columns.pop(_PLACES).to_numpy()
    return pack({**columns, _CODES: codes[places]})


class Gathered(NamedTuple):
    """A bucket's events of all blocks.

    Attributes:
        events: of ``gather``; items are places in the others.
        codes: ``[m] int32``, rising: catalog codes of the bucket's items.
        hashes: ``[m] uint64``.
        names: ``[m]`` external ids; none where they are not kept.
    """

    events: tuple[pa.Array, Columns, int]
    codes: npt.NDArray[np.int32]
    hashes: npt.NDArray[np.uint64]
    names: pa.ChunkedArray


def gather_messages(messages: Iterable[Message], cap: Cap | None) -> Gathered:
    """The events of one bucket, from messages ``with_codes`` in the order of their blocks."""
    pieces = [unpack(message) for message in messages]
    users = [piece.pop(_USERS) for piece in pieces]
    parts = [piece.pop(_CODES).to_numpy() for piece in pieces]
    codes, first, places = np.unique(np.concatenate(parts), return_index=True, return_inverse=True)
    hashes = np.concatenate([piece.pop(_HASHES).to_numpy() for piece in pieces])[first]
    words = pa.chunked_array([piece.pop(_NAMES, pa.array([], pa.string())) for piece in pieces], pa.string())
    names = words.take(pa.array(first)) if len(words) else words
    edges = np.cumsum([0, *map(len, parts)])
    events: list[Columns] = [{name: column.to_numpy() for name, column in piece.items()} for piece in pieces]
    for block, columns in enumerate(events):
        columns[ITEM] = places[edges[block] : edges[block + 1]].astype(np.int32)[columns[ITEM]]
    return Gathered(gather(users, events, hashes, cap), codes, hashes, names)


def _distinct(codes: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The distinct codes, rising, and the place of each among them."""
    distinct, places = np.unique(codes, return_inverse=True)
    return distinct, places.astype(np.int32)
