"""The one way to encode a history: order, clean, truncate to the newest, pad on the left.

Every function works on many users at once; a phone's single history is a batch of one.
Prepare, evaluation, batch scoring and the device call these and nothing else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from recsys.core.events import CleaningPolicy, Event, is_counted
from recsys.core.events.codes import EventCodes
from recsys.core.hashing import hash_strings
from recsys.core.order import find_repetitions
from recsys.core.schema import PAD_ID, TIMESTAMP_DTYPE

MILLISECONDS = 1000  # in a second
OLDEST = 2**31 - 1  # seconds
NO_CODES = EventCodes()


class ItemEncoder(Protocol):
    """A vocabulary, whatever holds it: ``Vocabulary``, or the compact one of a bundle."""

    def encode(self, items: Iterable[str], /) -> npt.NDArray[np.int32]:
        """Internal ids, ``[n] int32``; ``PAD_ID`` for an item to be left out."""


class History(NamedTuple):
    """What a model reads of users' behaviour: one field a channel, arrays or tensors alike, oldest event first.

    Padded, ``[batch, length]``, with ``PAD_ID`` or 0 on the left; or flat, ``[events]``, many users' end to end.
    A channel that a model does not read is ``()``: TensorFlow flattens that to nothing, and None to something.

    Attributes:
        items: internal ids, ``int32``.
        times: flat, milliseconds since 1970, ``int64``; padded, seconds before the request, ``int32``.
        types: codes of event types, ``int32`` (``recsys.core.events.codes``).
        values: buckets of values, ``int32``.
    """

    items: Any
    times: Any = ()
    types: Any = ()
    values: Any = ()

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> "History":
        """The channels among ``inputs``, as ``inputs()`` names them."""
        return cls(**{channel: inputs[name] for channel, name in cls.names().items() if name in inputs})

    def inputs(self, items: str = "history") -> dict[str, Any]:
        """The channels that are read by the names that a model's inputs bear; ``items`` as in ``names``."""
        channels = {name: getattr(self, channel) for channel, name in self.names(items).items()}
        return {name: channel for name, channel in channels.items() if _is_read(channel)}

    @classmethod
    def names(cls, items: str = "history") -> dict[str, str]:
        """What each channel is called where a model takes it.

        Args:
            items: what the items are called; a step that takes one more event in calls them ``item``.
        """
        return {"items": items, "times": "ages", "types": "types", "values": "values"}

    def map(self, function: Callable[..., Any], *others: "History") -> "History":
        """``function`` of each channel that is read, with the same channel of ``others``."""
        return History(*(function(*parts) if _is_read(parts[0]) else () for parts in zip(self, *others, strict=True)))

    def like(self, other: "History") -> "History":
        """Only the channels that ``other`` reads.

        >>> History(np.array([7]), np.array([20])).like(History("a model's items"))
        History(items=array([7]), times=(), types=(), values=())
        """
        return other.map(lambda _, own: own, self)


def _is_read(channel: Any) -> bool:
    return not isinstance(channel, tuple) or channel != ()


def ages(times: npt.NDArray[np.int64], requests: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Whole seconds from each time to its request, both in milliseconds since 1970.

    Seconds are cut before they are subtracted, so that ages differ by as much as their events do whatever the request.
    What lies after the request (a clock that was set back) is as young as can be: 0.

    >>> ages(np.array([1_000, 2_999, 9_000]), np.array([5_500, 5_500, 5_500])).tolist()
    [4, 3, 0]
    """
    seconds: npt.NDArray[np.int64] = requests // MILLISECONDS - times // MILLISECONDS
    return np.clip(seconds, 0, OLDEST).astype(np.int32)


def pad_histories(
    events: History,
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    length: int,
    requests: npt.NDArray[np.int64] | None = None,
) -> History:
    """The newest ``length`` events of each history, padded on the left.

    History ``i`` is ``events[starts[i]:ends[i]]`` of the flat ``events``.

    >>> flat = History(np.array([7, 9, 1, 2, 3, 4, 5], np.int32))
    >>> pad_histories(flat, np.array([0, 2]), np.array([2, 7]), 4).items
    array([[0, 0, 7, 9],
           [2, 3, 4, 5]], dtype=int32)

    Args:
        requests: ``[batch] int64``, the moment for which each history is read, in milliseconds since 1970; where times
            are read.
    """
    columns = ends[:, None] - length + np.arange(length)[None, :]  # [batch, length]
    real = columns >= starts[:, None]

    def padded(channel: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if not len(channel):
            return np.zeros(columns.shape, channel.dtype)
        return np.where(real, channel[np.where(real, columns, 0)], np.zeros((), channel.dtype))

    history = events.map(padded)
    if not _is_read(history.times):
        return history
    if requests is None:
        raise ValueError("pad_histories: times are read, so requests must say when")
    return history._replace(times=np.where(real, ages(history.times, requests[:, None]), 0).astype(np.int32))


def clean_history(
    events: Sequence[Event], vocabulary: ItemEncoder, policy: CleaningPolicy, codes: EventCodes = NO_CODES
) -> tuple[History, npt.NDArray[np.int64]]:
    """A client's events, ordered and cleaned, and their positions in ``events``.

    Ordered by time, then arrival number; events that share both keep the order in which they are given, which a client
    knows better than the hash that stands in for it where a log has no arrival numbers. Items outside the vocabulary
    are left out (with OOV buckets they stay, as their bucket).

    Args:
        codes: what stands for types and values; a channel that it does not know is not encoded.

    Returns:
        A flat history and ``positions [n] int64``, oldest first.
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
    items = np.unique(np.array(names, dtype=object), return_inverse=True)[1] if names else users
    duplicate, repeat = find_repetitions(users[order], items[order], timestamps[order], kinds[order], policy)
    kept = order[~(duplicate | repeat)]
    return _known([events[i] for i in kept], vocabulary, codes, source[kept])


def encode_newest(
    event: Event,
    before: Event | None,
    vocabulary: ItemEncoder,
    policy: CleaningPolicy,
    codes: EventCodes = NO_CODES,
) -> History:
    """What ``clean_history`` adds for an event that is later than all others: that event, or nothing.

    Args:
        before: the latest of the others that count, none of which shares its time; None where none counts.
    """
    again = policy.drop_repeats and before is not None and _is_repeat(event, before)
    added = [event] if is_counted(event, policy) and not again else []
    return _known(added, vocabulary, codes, np.arange(len(added)))[0]


def encode_history(
    events: Sequence[Event],
    vocabulary: ItemEncoder,
    length: int,
    policy: CleaningPolicy,
    now: int,
    codes: EventCodes = NO_CODES,
) -> History:
    """One client's events as a model's input, a batch of one.

    >>> from recsys.core.vocabulary import Vocabulary
    >>> events = [Event("b", 2000), Event("unknown", 1500), Event("a", 1000)]
    >>> encode_history(events, Vocabulary(["a", "b"]), 4, CleaningPolicy(), now=7000)[:2]
    (array([[0, 0, 1, 2]], dtype=int32), array([[0, 0, 6, 5]], dtype=int32))

    Args:
        now: when the request is made, in milliseconds since 1970.
        codes: as ``clean_history`` takes them.
    """
    flat, _ = clean_history(events, vocabulary, policy, codes)
    return pad_one(flat, length, now)


def pad_one(flat: History, length: int, now: int) -> History:
    """One flat history, padded: a batch of one."""
    return pad_histories(flat, np.array([0]), np.array([len(flat.items)]), length, np.array([now], TIMESTAMP_DTYPE))


def client_encoding(like: History, policy: CleaningPolicy, codes: EventCodes) -> tuple[CleaningPolicy, EventCodes]:
    """What clients of a model that reads the channels of ``like`` encode histories with.

    A model that reads types takes events of every type: those that are none of its own have a code, too.

    Args:
        policy, codes: of the dataset that it was trained on.
    """
    reads_types, reads_values = map(_is_read, (like.types, like.values))
    own = EventCodes(codes.types if reads_types else (), codes.value_edges if reads_values else None)
    return (replace(policy, event_types=()) if reads_types else policy), own


def _is_repeat(event: Event, before: Event) -> bool:
    return (event.item, event.event_type) == (before.item, before.event_type)


def _known(
    events: Sequence[Event], vocabulary: ItemEncoder, codes: EventCodes, positions: npt.NDArray[np.int64]
) -> tuple[History, npt.NDArray[np.int64]]:
    """The cleaned events that are of items which the vocabulary knows, and their positions."""
    history = History(
        items=vocabulary.encode([event.item for event in events]),
        times=np.array([event.timestamp for event in events], TIMESTAMP_DTYPE),
        types=codes.of_types([event.event_type for event in events]) if codes.types else (),
        values=codes.of_values([event.value for event in events]) if codes.value_edges is not None else (),
    )
    known = history.items != PAD_ID
    return history.map(lambda channel: channel[known]), positions[known]
