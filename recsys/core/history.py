"""The one way to encode a history: order, clean, truncate to the newest, pad on the left.

Every function works on many users at once; a phone's single history is a batch of one.
Prepare, evaluation, batch scoring and the device call these and nothing else.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from recsys.core.events import CleaningPolicy, Event, is_counted
from recsys.core.hashing import hash_strings
from recsys.core.order import find_repetitions
from recsys.core.schema import ID_DTYPE, PAD_ID, TIMESTAMP_DTYPE


class ItemEncoder(Protocol):
    """A vocabulary, whatever holds it: ``Vocabulary``, or the compact one of a bundle."""

    def encode(self, items: Iterable[str], /) -> npt.NDArray[np.int32]:
        """Internal ids, ``[n] int32``; ``PAD_ID`` for an item to be left out."""


class History(NamedTuple):
    """What a model reads of users' behaviour: one field a channel, arrays or tensors alike.

    Attributes:
        items: ``[batch, length] int32`` internal ids, oldest first, padded with ``PAD_ID`` on the left.
    """

    items: Any

    def inputs(self) -> dict[str, Any]:
        """The channels by the names that a model's inputs bear."""
        return {"history": self.items}


def pad_histories(
    ids: npt.NDArray[np.integer[Any]],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    length: int,
) -> History:
    """The newest ``length`` events of each history, padded on the left.

    History ``i`` is ``ids[starts[i]:ends[i]]``, oldest first.

    >>> pad_histories(np.array([7, 9, 1, 2, 3, 4, 5]), np.array([0, 2]), np.array([2, 7]), 4).items
    array([[0, 0, 7, 9],
           [2, 3, 4, 5]], dtype=int32)
    """
    columns = ends[:, None] - length + np.arange(length)[None, :]  # [batch, length]
    real = columns >= starts[:, None]
    if not len(ids):
        return History(np.full(columns.shape, PAD_ID, ID_DTYPE))
    return History(np.where(real, ids[np.where(real, columns, 0)], PAD_ID).astype(ID_DTYPE))


def clean_history(
    events: Sequence[Event], vocabulary: ItemEncoder, policy: CleaningPolicy
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """A client's events as ordered, cleaned internal ids and their positions in ``events``.

    Ordered by time, then arrival number; events that share both keep the order in which they are given, which a client
    knows better than the hash that stands in for it where a log has no arrival numbers. Items outside the vocabulary
    are left out (with OOV buckets they stay, as their bucket).

    Returns:
        ``(ids [n] int32, positions [n] int64)``, oldest first.
    """
    counting = [i for i, event in enumerate(events) if is_counted(event, policy)]
    source = np.array(counting, np.int64)
    events = [events[i] for i in counting]
    users = np.zeros(len(events), np.int64)
    names = [event.item for event in events]
    timestamps = np.array([event.timestamp for event in events], TIMESTAMP_DTYPE)
    arrival = np.array([event.event_id for event in events], np.int64)
    kinds = hash_strings([event.event_type for event in events])
    order = np.lexsort([arrival, timestamps])
    codes = np.unique(np.array(names, dtype=object), return_inverse=True)[1] if names else users
    duplicate, repeat = find_repetitions(users[order], codes[order], timestamps[order], kinds[order], policy)
    kept = order[~(duplicate | repeat)]
    ids = vocabulary.encode(names[i] for i in kept)
    return ids[ids != PAD_ID], source[kept[ids != PAD_ID]]


def id_of_newest(
    event: Event, before: Event | None, vocabulary: ItemEncoder, policy: CleaningPolicy
) -> npt.NDArray[np.int32]:
    """What ``clean_history`` adds for an event that is later than all others: its id, or nothing.

    Args:
        before: the latest of the others that count, none of which shares its time; None where none counts.

    Returns:
        ``[0 or 1] int32``.
    """
    again = policy.drop_repeats and before is not None and before.item == event.item
    ids = vocabulary.encode([event.item] if is_counted(event, policy) and not again else [])
    known: npt.NDArray[np.int32] = ids[ids != PAD_ID]
    return known


def encode_history(events: Sequence[Event], vocabulary: ItemEncoder, length: int, policy: CleaningPolicy) -> History:
    """One client's events as a model's input, a batch of one.

    >>> from recsys.core.vocabulary import Vocabulary
    >>> events = [Event("b", 2000), Event("unknown", 1500), Event("a", 1000)]
    >>> encode_history(events, Vocabulary(["a", "b"]), 4, CleaningPolicy()).items.tolist()
    [[0, 0, 1, 2]]
    """
    ids, _ = clean_history(events, vocabulary, policy)
    return pad_histories(ids, np.array([0]), np.array([len(ids)]), length)
