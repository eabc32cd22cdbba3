"""What a dataset looks like: statistics that add up over its shards."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from recsys.core.schema import ITEMS, TRAIN_END, VALUES
from recsys.preparation.exchange.bucket import Bucket
from recsys.preparation.rules.splits import session_starts
from recsys.sequences.ranges import flat_ranges

DAY = 86_400_000
Stats = dict[str, Any]


def bucket_stats(
    bucket: Bucket, train_end: npt.NDArray[np.int64], validation_end: npt.NDArray[np.int64], gap: float
) -> Stats:
    """The part of one shard: counters by history length and by day, and the span of time."""
    owners, times = bucket.owners, bucket.timestamps
    same = (owners[1:] == owners[:-1]) & (times[1:] == times[:-1])
    tied = np.append(same, False) | np.insert(same, 0, False) if len(times) else same
    # Sorted rather than by np.unique, which hashes: on millions of pairs that took twenty times as long.
    pairs = np.sort(owners << 32 | bucket.items)
    lengths, users = np.unique(np.diff(bucket.offsets), return_counts=True)
    before, starts = np.concatenate([[0], np.cumsum(bucket.target_mask)]), bucket.offsets[:-1]
    to_validate, to_test = before[starts + validation_end], before[bucket.offsets[1:]]  # targets up to each part's end
    days, events = np.unique(bucket.timestamps // DAY, return_counts=True)
    return {
        "lengths": {str(length): int(count) for length, count in zip(lengths, users, strict=True)},
        "days": {str(day): int(count) for day, count in zip(days, events, strict=True)},
        "sessions": int(session_starts(bucket.offsets, bucket.timestamps, gap).sum()),
        "first": int(bucket.timestamps.min()) if len(bucket.timestamps) else None,
        "last": int(bucket.timestamps.max()) if len(bucket.timestamps) else None,
        "test_users": int((to_validate < to_test).sum()),
        "validation_users": int((before[starts + train_end] < to_validate).sum()),
        "pairs": int(np.count_nonzero(np.diff(pairs))) + bool(len(pairs)),
        "tied": int(tied.sum()),
        "cold_users": int((train_end == 0).sum()),
    }


def merge_stats(parts: list[Stats], item_counts: npt.NDArray[np.int64], trained_items: int) -> Stats:
    """The statistics of a whole dataset.

    ``density`` is the share of all pairs of a user and an item that occur; ``tied`` the share of events that share
    user and time with another, whose order only an arrival number knows; ``repeated`` the share of events on an item
    that the user had met before; ``cold`` counts items and users without an event that trains.

    Args:
        parts: of every shard (``bucket_stats``).
        item_counts: ``[items] int64``, events of each item.
        trained_items: how many of the items have an event that trains.
    """
    lengths: Counter[int] = Counter()
    days: Counter[int] = Counter()
    for part in parts:
        lengths.update({int(length): count for length, count in part["lengths"].items()})
        days.update({int(day): count for day, count in part["days"].items()})
    ordered = np.array(sorted(lengths))
    ends = np.cumsum([lengths[length] for length in sorted(lengths)])  # of each length's users, all put in a row
    users, events = int(ends[-1]), sum(length * count for length, count in lengths.items())
    pairs, tied, cold_users = (sum(part[name] for part in parts) for name in ("pairs", "tied", "cold_users"))
    return {
        "density": round(pairs / (users * len(item_counts)), 8),
        "tied": round(tied / events, 6),
        "repeated": round(1 - pairs / events, 6),
        "cold": {"items": len(item_counts) - trained_items, "users": cold_users},
        "history_length": {
            "mean": round(events / users, 4),
            **{f"p{q}": _at(q, ordered, ends) for q in (5, 25, 50, 75, 95, 99)},
            "max": int(ordered[-1]),
        },
        "history_lengths": {str(length): lengths[length] for length in sorted(lengths)},
        "item_events": {
            "median": float(np.median(item_counts)),
            "max": int(item_counts.max()),
            "gini": round(gini(item_counts), 6),
        },
        "events_by_day": {str(np.datetime64(day, "D")): days[day] for day in sorted(days)},
        "first_event": min(part["first"] for part in parts if part["first"] is not None),
        "last_event": max(part["last"] for part in parts if part["last"] is not None),
        **{name: sum(part[name] for part in parts) for name in ("sessions", "test_users", "validation_users")},
    }


def _at(percent: int, ordered: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> int:
    """The lower percentile of the numbers ``ordered``, the last of each of which stands in place ``ends`` from 1."""
    return int(ordered[np.searchsorted(ends, (ends[-1] - 1) * percent // 100, side="right")])


def count_trained(shards: Iterable[Path], items: int) -> int:
    """How many of the items 1..``items`` have an event that trains, read shard by shard."""
    seen = np.zeros(items + 1, np.bool_)
    for shard in shards:
        trained = _trained(shard, ITEMS)
        seen[trained[trained <= items]] = True
    return int(seen[1:].sum())


def trained_values(shards: Iterable[Path]) -> Iterator[npt.NDArray[np.float32]]:
    """The values of the events that train, ``[n] float32`` a shard."""
    return (_trained(shard, VALUES) for shard in shards)


def _trained(shard: Path, column: str) -> npt.NDArray[Any]:
    """A column of lists, of the events that train, end to end."""
    table = pq.read_table(shard, columns=[column, TRAIN_END]).combine_chunks()
    lists = table.column(column).combine_chunks()
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)
    starts = np.cumsum(lengths) - lengths
    _, positions = flat_ranges(starts, starts + table.column(TRAIN_END).to_numpy())
    trained: npt.NDArray[Any] = lists.flatten().to_numpy()[positions]
    return trained


def gini(counts: npt.NDArray[np.int64]) -> float:
    """How unequal the counts are: 0 where all are alike, towards 1 where one has them all."""
    ordered = np.sort(counts).astype(np.float64)
    ranks = np.arange(1, len(ordered) + 1)
    return float(2 * (ranks * ordered).sum() / (len(ordered) * ordered.sum()) - (len(ordered) + 1) / len(ordered))
