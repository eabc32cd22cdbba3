"""Events as clients hold them: checked, and read from JSON, in one place for every caller."""

from typing import Any

import numpy as np

from recsys.core.errors import DataError
from recsys.core.events import Event
from recsys.core.events.codes import is_value

FIELDS = Event._fields
OPTIONAL = tuple(Event._field_defaults)  # absent or null
_INT64 = np.iinfo(np.int64)


def event_from_json(value: Any, origin: str) -> Event:
    """The event of ``{"item", "timestamp" (milliseconds), "event_id", "event_type", "value"}``; only the first two must
    be there.

    >>> event_from_json({"item": "50", "timestamp": 1_700_000_000_000}, "request.json")
    Event(item='50', timestamp=1700000000000, event_id=0, event_type='', value=None)
    >>> event_from_json({"item": 50, "timestamp": 0}, "request.json")
    Traceback (most recent call last):
    recsys.core.errors.DataError: request.json: an item id is text, found int 50; pass str(id)

    Args:
        origin: what errors name, as ``request.json: history[3]``.

    Raises:
        DataError: not an object, a key missing or unknown, or a value of another type.
    """
    if not isinstance(value, dict):
        raise DataError(f"{origin}: expected an object with {', '.join(FIELDS)}, found {_short(value)}")
    given = {key: one for key, one in value.items() if not (key in OPTIONAL and one is None)}
    missing, unknown = ([k for k in FIELDS if k not in {*given, *OPTIONAL}], [k for k in given if k not in FIELDS])
    if missing or unknown:
        raise DataError(f"{origin}: expected the keys {', '.join(FIELDS)}; missing {missing}, unknown {unknown}")
    event = Event(**given)
    check_event(event, origin)
    return event


def check_event(event: Event, origin: str) -> None:
    """Refuse what is no event; ``origin`` is what errors name.

    Raises:
        DataError: names the field, what it is and what was found.
    """
    if not isinstance(event, Event):
        raise DataError(f"{origin}: expected an Event(item, timestamp), found {type(event).__name__}")
    check_item(event.item, origin)
    for name, value in (("timestamp", event.timestamp), ("event_id", event.event_id)):
        _check_int64(value, f"{origin}: {name}")
    if not isinstance(event.event_type, str):
        raise DataError(f"{origin}: event_type is text, found {_short(event.event_type)}")
    _check_unicode(event.event_type, f"{origin}: event_type")
    if event.value is not None and not is_value(event.value):
        raise DataError(f"{origin}: value is a finite number within float32's range, found {_short(event.value)}")


def check_item(item: object, origin: str) -> None:
    """Refuse what is no item id.

    Raises:
        DataError: not text, or text that no id can be.
    """
    if not isinstance(item, str):
        raise DataError(f"{origin}: an item id is text, found {type(item).__name__} {_short(item)}; pass str(id)")
    _check_unicode(item, f"{origin}: item")


def check_now(value: Any, origin: str) -> int:
    """``value``, the moment of a request.

    Raises:
        DataError: no 64-bit integer.
    """
    _check_int64(value, f"{origin}: now")
    return int(value)


def _check_int64(value: Any, origin: str) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not _INT64.min <= value <= _INT64.max:
        raise DataError(f"{origin} is a 64-bit integer, found {_short(value)}")


def _check_unicode(text: str, origin: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DataError(f"{origin}: {text!r} is not valid Unicode") from None


def _short(value: object) -> str:
    """A value for an error, however long or odd it is."""
    if isinstance(value, int) and value.bit_length() > 64:
        return f"an integer of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
