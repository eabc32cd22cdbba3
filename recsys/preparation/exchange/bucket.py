"""One bucket of users: their events, ordered and cleaned, end to end."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.config.prepare import BotRule
from recsys.core.events import CleaningPolicy
from recsys.core.order import find_repetitions, order_events
from recsys.core.publishing import appearing
from recsys.core.schema import (
    EVENT_ID,
    EVENT_TYPE,
    ITEM,
    ITEMS,
    TIMESTAMP,
    TIMESTAMPS,
    TRAIN_END,
    USER,
    VALIDATION_END,
    VALUE,
    WEIGHTS,
)
from recsys.preparation.exchange.arrow import read_batch, write_batches
from recsys.preparation.exchange.shuffle_read import Columns, order_keys
from recsys.preparation.rules.bots import bot_events

GATHERED = (USER, ITEM, TIMESTAMP, EVENT_ID, EVENT_TYPE, VALUE)  # what ``gather`` gives


@dataclass(frozen=True)
class Bucket:
    """Users in the order of their ids' bytes, each one's events end to end, oldest first.

    Attributes:
        users: ``[n]`` strings.
        offsets: ``[n + 1] int64``; user ``i`` owns events ``offsets[i]:offsets[i + 1]``.
        items: ``[events] int32`` catalog codes.
        timestamps: ``[events] int64`` milliseconds.
        more: what else a shard keeps of each event, ``[events]`` by the column's name.
    """

    users: pa.Array
    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    timestamps: npt.NDArray[np.int64]
    more: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    @property
    def owners(self) -> npt.NDArray[np.int64]:
        """The user of each event, ``[events] int64``."""
        return np.repeat(np.arange(len(self.users)), np.diff(self.offsets))

    @property
    def target_mask(self) -> npt.NDArray[np.bool_]:
        """Which events may be predicted, ``[events] bool``: those of types that are targets, without types all."""
        weights = self.more.get(WEIGHTS)
        return np.ones(len(self.items), np.bool_) if weights is None else weights > 0

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
            {name: values[kept] for name, values in self.more.items()},
        )

    def batch(self) -> pa.RecordBatch:
        """One row a user: ``user_id``, lists ``items``, ``timestamps`` and whatever ``more`` there is."""
        offsets = pa.array(self.offsets.astype(np.int32))
        lists = {ITEMS: self.items, TIMESTAMPS: self.timestamps, **self.more}
        columns = {name: pa.ListArray.from_arrays(offsets, pa.array(values)) for name, values in lists.items()}
        return pa.record_batch({USER: self.users, **columns})

    def write(self, path: Path) -> None:
        """Set it down in an Arrow file."""
        write_batches(path, [self.batch()])

    @classmethod
    def read(cls, path: Path) -> "Bucket":
        """Map what ``write`` set down."""
        return cls.of(read_batch(path, 0))

    @classmethod
    def of(cls, batch: pa.RecordBatch) -> "Bucket":
        """What ``batch`` gives."""
        offsets = np.asarray(batch.column(ITEMS).offsets).astype(np.int64)
        lists = {name: batch.column(name).values.to_numpy() for name in batch.schema.names if name != USER}
        return cls(batch.column(USER), offsets, lists.pop(ITEMS), lists.pop(TIMESTAMPS), lists)


def write_shard(
    bucket: Bucket, train_end: npt.NDArray[np.int64], validation_end: npt.NDArray[np.int64], path: Path
) -> None:
    """Write a shard of a dataset, one row a user (``recsys.core.schema``); the same sequences make the same bytes."""
    table = pa.Table.from_batches([bucket.batch()])
    for name, bound in ((TRAIN_END, train_end), (VALIDATION_END, validation_end)):
        table = table.append_column(name, pa.array(bound.astype(np.int32)))
    with appearing(path) as aside:
        pq.write_table(table, aside, compression="zstd")


def clean_bucket(
    users: pa.Array,
    events: Columns,
    item_hashes: npt.NDArray[np.uint64],
    policy: CleaningPolicy,
    bots: BotRule | None,
    past_until: int | None = None,
) -> tuple[Bucket, dict[str, int]]:
    """Order a bucket's events and leave out what the rules leave out.

    Args:
        users: distinct users in the order of their bytes.
        events: columns as ``gather`` gives them; any others go along.
        item_hashes: the stable hash of each item, by the codes that ``events`` has.
        past_until: milliseconds, where a temporal split ends what trains: bots are judged on that first.

    Returns:
        The bucket, and how many events each rule dropped.
    """
    order = order_events(order_keys(events, item_hashes))
    owners, items, timestamps = events[USER][order], events[ITEM][order], events[TIMESTAMP][order]
    types = events[EVENT_TYPE][order] if EVENT_TYPE in events else None
    duplicate, repeat = find_repetitions(owners, items, timestamps, types, policy)
    offsets = np.searchsorted(owners, np.arange(len(users) + 1)).astype(np.int64)
    more = {name: values[order] for name, values in events.items() if name not in GATHERED}
    bucket = Bucket(users, offsets, items, timestamps, more).keep(~(duplicate | repeat))
    dropped = {"duplicate": int(duplicate.sum()), "repeat": int(repeat.sum())}
    if bots is not None:
        fast = bot_events(bucket.offsets, bucket.timestamps, bots, past_until)
        dropped["bot"] = int(fast.sum())
        bucket = bucket.keep(~fast)
    return bucket, dropped
