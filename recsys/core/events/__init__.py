"""An event as a client holds it, and which events a history leaves out."""

import time
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from recsys.core.errors import DataError


class Event(NamedTuple):
    """One touch of an item, as a client holds it."""

    item: str
    timestamp: int  # milliseconds since the epoch
    event_id: int = 0  # arrival number, where there is one; without, the order given decides among equal times
    event_type: str = ""
    value: float | None = None  # how much: a rating, seconds, a quantity; None where it is missing


def now_ms() -> int:
    """This machine's clock, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class CleaningPolicy:
    """What a history leaves out. Stands in the manifests of datasets and bundles.

    Attributes:
        drop_duplicates: of events alike in user, item, time and type, keep the first to arrive.
        drop_repeats: of consecutive events of a user alike in item and type, keep the first.
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


def is_counted(event: Event, policy: CleaningPolicy) -> bool:
    """Whether the event is of a type that counts.

    >>> policy = CleaningPolicy(event_types=("view", "buy"))
    >>> [is_counted(Event("50", 0, event_type=kind), policy) for kind in ("buy", "hover", "")]
    [True, False, True]
    """
    return not policy.event_types or event.event_type in ("", *policy.event_types)
