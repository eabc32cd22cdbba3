"""The k-core: the largest part of a log in which every user and every item has at least ``k`` events."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


class Events(NamedTuple):
    """Some users' events: ``items [events] int32`` and ``offsets [users + 1] int64``."""

    items: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]


class Core(NamedTuple):
    """What the k-core keeps.

    Attributes:
        counts: ``[items] int64``, each item's events inside the core; 0 where it is outside.
        rounds: events dropped in each round, until a round drops nothing.
    """

    counts: npt.NDArray[np.int64]
    rounds: list[int]


def lasting_users(events: Events, alive: Mask, k: int, keep_unknown: bool) -> Mask:
    """Which users have ``k`` events of living items (of any items with ``keep_unknown``): ``[users] bool``."""
    counted = np.ones(len(events.items), np.bool_) if keep_unknown else alive[events.items]
    before = np.concatenate([[0], np.cumsum(counted)])
    return np.diff(before[events.offsets]) >= k


def count_items(parts: Iterable[Events], items: int) -> npt.NDArray[np.int64]:
    """Each item's events, ``[items] int64``."""
    counts = np.zeros(items, np.int64)
    for part in parts:
        counts += np.bincount(part.items, minlength=items)
    return counts


def find_core(parts: Callable[[], Iterable[Events]], allowed: Mask, k: int, keep_unknown: bool = False) -> Core:
    """Drop rare users and items until none is left, holding only an array of item counts.

    >>> log = Events(np.array([0, 1, 0, 1, 2], np.int32), np.array([0, 2, 4, 5]))  # the third user has one event
    >>> core = find_core(lambda: [log], np.ones(3, bool), 2)
    >>> core.counts.tolist(), core.rounds
    ([2, 2, 0], [1])

    Args:
        parts: reads the log again for each round, in parts of whole users.
        allowed: ``[items] bool``; the other items are outside from the start.
        k: events that a user and an item must have; 1 keeps every user and item that has any.
        keep_unknown: events of items outside still count for their users (they become OOV buckets).
    """
    alive = allowed
    rounds: list[int] = []
    previous = int(count_items(parts(), len(allowed))[alive].sum())
    while True:
        counts = np.zeros(len(allowed), np.int64)
        for part in parts():
            lasting = lasting_users(part, alive, k, keep_unknown)
            owned = part.items[np.repeat(lasting, np.diff(part.offsets))]
            counts += np.bincount(owned, minlength=len(allowed))
        counts[~alive] = 0
        alive = counts >= k
        total = int(counts[alive].sum())
        if total < previous:
            rounds.append(previous - total)
        if total == int(counts.sum()):
            return Core(counts, rounds)
        previous = total
