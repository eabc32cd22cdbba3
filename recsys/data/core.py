"""The k-core: the largest part of a log in which every user and every item has at least ``k`` events."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


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


def in_core(events: Events, alive: npt.NDArray[np.bool_], k: int) -> npt.NDArray[np.bool_]:
    """Which events are of living items and of users who have ``k`` such events: ``[events] bool``."""
    kept = alive[events.items]
    before = np.concatenate([[0], np.cumsum(kept)])
    lasting = np.diff(before[events.offsets]) >= k
    return kept & np.repeat(lasting, np.diff(events.offsets))


def find_core(parts: Callable[[], Iterable[Events]], items: int, k: int) -> Core:
    """Drop rare users and items until none is left, holding only an array of item counts.

    Args:
        parts: reads the log again for each round, in parts of whole users.
        items: how many item codes there are.
        k: events that a user and an item must have; 1 keeps everything.
    """
    alive = np.ones(items, np.bool_)
    rounds: list[int] = []
    previous = sum(len(part.items) for part in parts())
    while True:
        counts = np.zeros(items, np.int64)
        for kept in _kept_items(parts(), alive, k):
            counts += np.bincount(kept, minlength=items)
        alive = counts >= k
        total = int(counts.sum())
        if total < previous:
            rounds.append(previous - total)
        if int(counts[alive].sum()) == total:
            return Core(np.where(alive, counts, 0), rounds)
        previous = total


def _kept_items(parts: Iterable[Events], alive: npt.NDArray[np.bool_], k: int) -> Iterator[npt.NDArray[np.int32]]:
    for part in parts:
        yield part.items[in_core(part, alive, k)]
