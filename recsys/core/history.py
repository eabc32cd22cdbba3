"""The one way to encode a history: order, clean, truncate to the newest, pad on the left.

Every function works on many users at once; a phone's single history is a batch of one.
Prepare, evaluation, batch scoring and the device call these and nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from recsys.core.errors import DataError
from recsys.core.hashing import hash_events, hash_strings
from recsys.core.schema import ID_DTYPE, PAD_ID, TIMESTAMP_DTYPE


@dataclass(frozen=True)
class CleaningPolicy:
    """What a history leaves out. Stands in the manifests of datasets and bundles.

    Attributes:
        drop_duplicates: of events alike in user, item, time and type, keep the first to arrive.
        drop_repeats: of consecutive events of a user on one item, keep the first.
        event_types: the types that count; empty where all do. A client's event without a type counts.
    """

    drop_duplicates: bool = True
    drop_repeats: bool = False
    event_types: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> "CleaningPolicy":
        """Check every field; those that are left out have their defaults.

        Raises:
            DataError: not an object, an unknown key, or a value of another type.
        """
        if not isinstance(value, dict):
            raise DataError(f"cleaning policy: expected an object, found {type(value).__name__}")
        unknown = set(value) - set(cls.__dataclass_fields__)
        if unknown:
            raise DataError(f"cleaning policy: unknown keys {sorted(unknown)}; a newer recsys wrote it")
        for name in ("drop_duplicates", "drop_repeats"):
            if not isinstance(value.get(name, True), bool):
                raise DataError(f"cleaning policy: {name} must be true or false, found {value[name]!r}")
        types = value.get("event_types", ())
        if not isinstance(types, list | tuple) or not all(isinstance(kind, str) for kind in types):
            raise DataError(f'cleaning policy: event_types must be a list of texts, as ["view"], found {types!r}')
        return cls(**{**value, "event_types": tuple(types)})


class ItemEncoder(Protocol):
    """A vocabulary, whatever holds it: ``Vocabulary``, or the compact one of a bundle."""

    def encode(self, items: Iterable[str], /) -> npt.NDArray[np.int32]:
        """Internal ids, ``[n] int32``; ``PAD_ID`` for an item to be left out."""


class Event(NamedTuple):
    """One touch of an item, as a client holds it."""

    item: str
    timestamp: int  # milliseconds since the epoch
    event_id: int = 0  # arrival number, where the log has one
    event_type: str = ""


class History(NamedTuple):
    """What a model reads of users' behaviour: one field a channel, arrays or tensors alike.

    Attributes:
        items: ``[batch, length] int32`` internal ids, oldest first, padded with ``PAD_ID`` on the left.
    """

    items: Any

    def inputs(self) -> dict[str, Any]:
        """The channels by the names that a model's inputs bear."""
        return {"history": self.items}


class OrderKeys(NamedTuple):
    """What decides the order of events; each ``[n]``, one value an event.

    Attributes:
        users: integer codes.
        item_hashes, type_hashes: stable hashes (``recsys.core.hashing``) of item id and event type.
        event_ids: arrival numbers, where the log has them.
    """

    users: npt.NDArray[np.integer[Any]]
    timestamps: npt.NDArray[np.int64]
    item_hashes: npt.NDArray[np.uint64]
    event_ids: npt.NDArray[np.int64] | None = None
    type_hashes: npt.NDArray[np.uint64] | None = None

    def take(self, places: npt.NDArray[np.intp]) -> "OrderKeys":
        """The keys of some events."""
        return OrderKeys(*(None if key is None else key[places] for key in self))  # type: ignore[arg-type]


def order_events(keys: OrderKeys) -> npt.NDArray[np.intp]:
    """The permutation ``[n] intp`` that sorts events by user, then time, arrival number, event hash and type.

    Never by item id: among events that share a time that order leaks the answer (see ``hash_events``).
    """
    order = _order_by_time(keys.users, keys.timestamps)
    tied = _runs(keys.users[order], keys.timestamps[order])
    if len(tied):
        places = np.sort(order[tied])
        among = keys.take(places)
        last = (among.type_hashes, hash_events(among.item_hashes, among.timestamps), among.event_ids)
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
        again = (users[left][1:] == users[left][:-1]) & (items[left][1:] == items[left][:-1])
        repeat[left[1:]] = again
    return duplicate, repeat


def pad_histories(
    ids: npt.NDArray[np.integer[Any]],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    length: int,
) -> History:
    """The newest ``length`` events of each history, padded on the left.

    History ``i`` is ``ids[starts[i]:ends[i]]``, oldest first. With length 4, a history ``7 9`` becomes
    ``0 0 7 9`` and ``1 2 3 4 5`` becomes ``2 3 4 5``.
    """
    columns = ends[:, None] - length + np.arange(length)[None, :]  # [batch, length]
    real = columns >= starts[:, None]
    if not len(ids):
        return History(np.full(columns.shape, PAD_ID, ID_DTYPE))
    return History(np.where(real, ids[np.where(real, columns, 0)], PAD_ID).astype(ID_DTYPE))


def is_counted(event: Event, policy: CleaningPolicy) -> bool:
    """Whether the event is of a type that counts."""
    return not policy.event_types or event.event_type in ("", *policy.event_types)


def clean_history(
    events: Sequence[Event], vocabulary: ItemEncoder, policy: CleaningPolicy
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """A client's events as ordered, cleaned internal ids and their positions in ``events``.

    Items outside the vocabulary are left out (with OOV buckets they stay, as their bucket).

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
    order = order_events(OrderKeys(users, timestamps, hash_strings(names), arrival, kinds))
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
    """One client's events as a model's input, a batch of one."""
    ids, _ = clean_history(events, vocabulary, policy)
    return pad_histories(ids, np.array([0]), np.array([len(ids)]), length)
