"""The order of a user's events, and which of the ordered ones repeat others. Many users at once."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.core.events import CleaningPolicy
from recsys.core.hashing import hash_events


class OrderKeys(NamedTuple):
    """What decides the order of events; each ``[n]``, one value an event.

    Attributes:
        users: integer codes.
        item_hashes, type_hashes: stable hashes (``recsys.core.hashing``) of item id and event type.
        event_ids: arrival numbers, where the log has them.
        values: of the events, where the log has them; a missing one, NaN, comes last.
    """

    users: npt.NDArray[np.integer[Any]]
    timestamps: npt.NDArray[np.int64]
    item_hashes: npt.NDArray[np.uint64]
    event_ids: npt.NDArray[np.int64] | None = None
    type_hashes: npt.NDArray[np.uint64] | None = None
    values: npt.NDArray[np.float32] | None = None

    def take(self, places: npt.NDArray[np.intp]) -> "OrderKeys":
        """The keys of some events."""
        return OrderKeys(*(None if key is None else key[places] for key in self))  # type: ignore[arg-type]


def order_events(keys: OrderKeys) -> npt.NDArray[np.intp]:
    """The permutation ``[n] intp`` that sorts events by user, then time, arrival number, event hash, type and value.

    Never by item id: among events that share a time that order leaks the answer (see ``hash_events``).

    >>> hashes, arrival = np.zeros(3, np.uint64), np.array([1, 3, 2])
    >>> order_events(OrderKeys(np.array([0, 0, 0]), np.array([20, 10, 10]), hashes, arrival)).tolist()
    [2, 1, 0]
    """
    order = _order_by_time(keys.users, keys.timestamps)
    tied = _runs(keys.users[order], keys.timestamps[order])
    if len(tied):
        places = np.sort(order[tied])
        among = keys.take(places)
        last = (among.values, among.type_hashes, hash_events(among.item_hashes, among.timestamps), among.event_ids)
        minor: list[npt.NDArray[Any]] = [key for key in last if key is not None]
        order[tied] = places[np.lexsort([*minor, among.timestamps, among.users])]
    return order


def _order_by_time(users: npt.NDArray[np.integer[Any]], timestamps: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """The permutation that sorts by user, then time; in one key of 64 bits where both fit into it."""
    if not len(users):
        return np.zeros(0, np.intp)
    earliest, first = int(timestamps.min()), int(users.min())
    bits = (int(timestamps.max()) - earliest).bit_length()
    if bits + (int(users.max()) - first).bit_length() > 63:
        return np.lexsort([timestamps, users])
    return np.argsort((users.astype(np.int64) - first << bits) | (timestamps - earliest))


def _runs(users: npt.NDArray[np.integer[Any]], timestamps: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """The places of ordered events that share user and time with a neighbour."""
    same = (users[1:] == users[:-1]) & (timestamps[1:] == timestamps[:-1])
    edge = np.zeros(1, np.bool_)
    return np.flatnonzero(np.concatenate([same, edge]) | np.concatenate([edge, same]))


def find_repetitions(
    users: npt.NDArray[np.integer[Any]],
    items: npt.NDArray[np.integer[Any]],
    timestamps: npt.NDArray[np.int64],
    types: npt.NDArray[np.integer[Any]] | None,
    policy: CleaningPolicy,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which of the *ordered* events are duplicates and which are repeats under ``policy``.

    >>> users, items, times = np.zeros(4, int), np.array([5, 5, 5, 7]), np.array([1, 1, 2, 3])
    >>> duplicate, repeat = find_repetitions(users, items, times, None, CleaningPolicy(drop_repeats=True))
    >>> duplicate.tolist(), repeat.tolist()
    ([False, True, False, False], [False, False, True, False])

    Args:
        users, items, types: ``[n]`` integer codes, equal where the values are equal.
        timestamps: ``[n] int64``.

    Returns:
        ``(duplicate, repeat)``, both ``[n] bool``, never true together; keep where neither is.
    """
    count = len(users)
    duplicate = np.zeros(count, np.bool_)
    repeat = np.zeros(count, np.bool_)
    if policy.drop_duplicates:
        among = _runs(users, timestamps)  # exact duplicates share user and time
        kinds = np.zeros(len(among), np.int64) if types is None else types[among]
        columns = (users[among], timestamps[among], items[among], kinds)
        order = np.lexsort([among, *reversed(columns)])
        same = np.ones(max(len(among) - 1, 0), np.bool_)
        for column in columns:
            ordered = column[order]
            same &= ordered[1:] == ordered[:-1]
        duplicate[among[order[1:]]] = same
    if policy.drop_repeats:
        left = np.flatnonzero(~duplicate)
        again = np.ones(max(len(left) - 1, 0), np.bool_)
        for column in (users, items) if types is None else (users, items, types):
            again &= column[left][1:] == column[left][:-1]
        repeat[left[1:]] = again
    return duplicate, repeat
