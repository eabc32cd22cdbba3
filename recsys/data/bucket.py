"""One bucket of users: all their events, gathered from the blocks, ordered and cleaned."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.data.catalogue import Catalogue
from recsys.data.history import CleaningPolicy, keep_events, order_events
from recsys.data.spill import EVENTS_FILE, USERS_FILE, read_batch, write_batches
from recsys.schema import EVENT_ID, ITEM, ITEMS, TIMESTAMP, TIMESTAMPS, USER


@dataclass(frozen=True)
class Bucket:
    """Users in the order of their ids' bytes, each one's events end to end, oldest first.

    Attributes:
        users: ``[n]`` strings.
        offsets: ``[n + 1] int64``; user ``i`` owns events ``offsets[i]:offsets[i + 1]``.
        items: ``[events] int32`` catalogue codes.
        timestamps: ``[events] int64`` milliseconds.
    """

    users: pa.Array
    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    timestamps: npt.NDArray[np.int64]

    @property
    def owners(self) -> npt.NDArray[np.int64]:
        """The user of each event, ``[events] int64``."""
        return np.repeat(np.arange(len(self.users)), np.diff(self.offsets))

    def keep(self, kept: npt.NDArray[np.bool_]) -> "Bucket":
        """Only the events where ``kept``, and the users who still have one."""
        before = np.concatenate([[0], np.cumsum(kept)])
        offsets = before[self.offsets]
        left = np.diff(offsets) > 0
        return Bucket(
            self.users.filter(pa.array(left)),
            np.concatenate([[0], offsets[1:][left]]),
            self.items[kept],
            self.timestamps[kept],
        )

    def write(self, path: Path) -> None:
        """Set it down in an Arrow file."""
        offsets = pa.array(self.offsets.astype(np.int32))
        batch = pa.record_batch(
            {
                USER: self.users,
                ITEMS: pa.ListArray.from_arrays(offsets, pa.array(self.items)),
                TIMESTAMPS: pa.ListArray.from_arrays(offsets, pa.array(self.timestamps)),
            }
        )
        write_batches(path, [batch])

    @classmethod
    def read(cls, path: Path) -> "Bucket":
        """Map what ``write`` set down."""
        batch = read_batch(path, 0)
        items = batch.column(ITEMS)
        return cls(
            batch.column(USER),
            np.asarray(items.offsets).astype(np.int64),
            items.values.to_numpy(),
            batch.column(TIMESTAMPS).values.to_numpy(),
        )


def gather_bucket(number: int, blocks: list[Path], catalogue: Catalogue) -> tuple[pa.Array, dict[str, np.ndarray]]:
    """All events of a bucket's users, in no particular order.

    Returns:
        The distinct users in the order of their bytes, and columns ``user_id`` (place among them), ``item_id``
        (catalogue code), ``timestamp`` and, where the log has one, ``event_id``.
    """
    names = pa.chunked_array([read_batch(block / USERS_FILE, number).column(0) for block in blocks], pa.string())
    encoded = names.combine_chunks().dictionary_encode()
    order = np.asarray(pc.sort_indices(encoded.dictionary))
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    ranks = rank[encoded.indices.to_numpy()]
    edges = np.cumsum([0, *(len(chunk) for chunk in names.chunks)])
    pieces: dict[str, list[np.ndarray]] = {}
    for block, path in enumerate(blocks):
        batch = read_batch(path / EVENTS_FILE, number)
        if not len(batch):
            continue
        columns = {name: batch.column(name).to_numpy() for name in batch.schema.names}
        columns[USER] = ranks[edges[block] :][columns[USER]]
        columns[ITEM] = catalogue.block_codes(block)[columns[ITEM]]
        for name, values in columns.items():
            pieces.setdefault(name, []).append(values)
    empty = {USER: np.int32, ITEM: np.int32, TIMESTAMP: np.int64}
    whole = {name: np.concatenate(parts) for name, parts in pieces.items()}
    return encoded.dictionary.take(pa.array(order)), whole or {name: np.zeros(0, kind) for name, kind in empty.items()}


def clean_bucket(
    users: pa.Array,
    events: dict[str, np.ndarray],
    item_hashes: npt.NDArray[np.uint64],
    policy: CleaningPolicy,
) -> tuple[Bucket, dict[str, int]]:
    """Order a bucket's events and leave out what the policy leaves out.

    Returns:
        The bucket, and how many events each rule dropped.
    """
    order = order_events(events[USER], events[TIMESTAMP], events.get(EVENT_ID), item_hashes[events[ITEM]])
    owners, items, timestamps = events[USER][order], events[ITEM][order], events[TIMESTAMP][order]
    duplicate, repeat = keep_events(owners, items, timestamps, None, policy)
    offsets = np.searchsorted(owners, np.arange(len(users) + 1)).astype(np.int64)
    bucket = Bucket(users, offsets, items, timestamps)
    dropped = {"duplicate": int(duplicate.sum()), "repeat": int(repeat.sum())}
    return bucket.keep(~(duplicate | repeat)), dropped
