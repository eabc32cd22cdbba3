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
    """The k-core, or where its search stands between two rounds over the events.

    Attributes:
        counts: ``[items] int64``, each item's events of users who lasted; of the whole core 0 where an item is outside.
        alive: ``[items] bool``, the items that no round has dropped.
        events: how many events the items alive have.
        rounds: events dropped in each round, until a round drops nothing.
        is_whole: nothing is left to drop.
    """

    counts: npt.NDArray[np.int64]
    alive: Mask
    events: int
    rounds: list[int]
    is_whole: bool = False

    @classmethod
    def begin(cls, allowed: Mask, counts: npt.NDArray[np.int64], rounds: list[int] | None = None) -> "Core":
        """Before the first round: ``counts`` of all events; items outside ``allowed`` are outside from the start."""
        return cls(counts, allowed, int(counts[allowed].sum()), rounds or [])

    def drop(self, counts: npt.NDArray[np.int64], k: int) -> "Core":
        """End a round that counted each item's events of lasting users (``count_round``)."""
        counts = np.where(self.alive, counts, 0)
        alive = counts >= k
        events = int(counts[alive].sum())
        rounds = [*self.rounds, self.events - events] if events < self.events else self.rounds
        return Core(counts, alive, events, rounds, is_whole=events == int(counts.sum()))


def lasting_users(events: Events, alive: Mask, k: int, keep_unknown: bool) -> Mask:
    """Which users have ``k`` events of living items (of any items with ``keep_unknown``): ``[users] bool``."""
    counted = np.ones(len(events.items), np.bool_) if keep_unknown else alive[events.items]
    before = np.concatenate([[0], np.cumsum(counted)])
    return np.diff(before[events.offsets]) >= k


def drop_fallen(part: Events, alive: Mask, k: int, keep_unknown: bool) -> Events:
    """What of a part the next rounds need: the users who last, and their events of living items (or all that count).

    Who has fallen once, falls in every later round.
    """
    lasting = lasting_users(part, alive, k, keep_unknown)
    kept = np.repeat(lasting, np.diff(part.offsets))
    if not keep_unknown:
        kept &= alive[part.items]
    before = np.concatenate([[0], np.cumsum(kept)])
    return Events(part.items[kept], np.concatenate([[0], before[part.offsets[1:]][lasting]]))


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
    core = Core.begin(allowed, count_items(parts(), len(allowed)))
    while not core.is_whole:
        core = core.drop(count_round(parts(), core.alive, k, keep_unknown), k)
    return core


def count_round(parts: Iterable[Events], alive: Mask, k: int, keep_unknown: bool) -> npt.NDArray[np.int64]:
    """Each item's events of the users who last, ``[items] int64``."""
    return count_items((drop_fallen(part, alive, k, keep_unknown) for part in parts), len(alive))
