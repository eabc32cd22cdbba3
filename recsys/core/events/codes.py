"""What stands for an event's type and for its value where a model reads them: 0 pads, 1 is unknown, 2.. are the known.

Values are compared as float32 in every client, so that none decides otherwise at an edge.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.errors import DataError

UNKNOWN = 1  # a type that is none of the list, or none at all; a value that is missing
FIRST = 2  # code of the first type, and of the lowest bucket of values
MOST_TYPES, MOST_BUCKETS = 30, 32
LARGEST_VALUE = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class EventCodes:
    """The codes of event types and values. Stands in the manifests of datasets, runs and bundles.

    >>> codes = EventCodes(types=("buy", "view"), value_edges=(3.0, 4.0))
    >>> codes.of_types(["view", "", "share"]).tolist(), codes.of_values([2.5, 3.0, 9.0, None]).tolist()
    ([3, 1, 1], [2, 3, 4, 1])

    Attributes:
        types: the names in the order of their codes; none where types are not known.
        value_edges: where each bucket of values but the lowest begins, ascending; None where events have no values.
    """

    types: tuple[str, ...] = ()
    value_edges: tuple[float, ...] | None = None

    def of_types(self, types: Iterable[str]) -> npt.NDArray[np.int32]:
        """The code of each type, ``[n] int32``."""
        codes = {name: code for code, name in enumerate(self.types, FIRST)}
        return np.array([codes.get(name, UNKNOWN) for name in types], np.int32)

    def of_values(self, values: Iterable[float | None] | npt.NDArray[np.float32]) -> npt.NDArray[np.int32]:
        """The bucket of each value, ``[n] int32``; None and NaN are missing."""
        if not isinstance(values, np.ndarray):
            values = np.array([np.nan if value is None else value for value in values], np.float32)
        edges = np.array(self.value_edges or (), np.float32)
        buckets = np.searchsorted(edges, values, side="right") + FIRST
        return np.where(np.isnan(values), UNKNOWN, buckets).astype(np.int32)

    def to_json(self) -> dict[str, Any]:
        """Only what there is."""
        types = {"types": list(self.types)} if self.types else {}
        return types | ({"value_edges": list(self.value_edges)} if self.value_edges is not None else {})

    @classmethod
    def from_json(cls, value: Any) -> "EventCodes":
        """Check every field; those that are left out are not there.

        Raises:
            DataError: not an object, an unknown key, or a list that no codes are made of.
        """
        if not isinstance(value, dict):
            raise DataError(f"event codes: expected an object, found {type(value).__name__}")
        unknown = set(value) - set(cls.__dataclass_fields__)
        if unknown:
            raise DataError(f"event codes: unknown keys {sorted(unknown)}; a newer recsys wrote it")
        types, edges = value.get("types", []), value.get("value_edges")
        if not isinstance(types, list) or not all(isinstance(name, str) for name in types):
            raise DataError('event codes: types must be a list of texts, as ["view"]')
        if len(set(types)) < len(types) or len(types) > MOST_TYPES:
            raise DataError(f"event codes: types must be distinct, at most {MOST_TYPES}, found {len(types)}")
        if edges is None:
            return cls(tuple(types))
        if not isinstance(edges, list) or not all(is_value(edge) for edge in edges):
            raise DataError("event codes: value_edges must be a list of numbers, as [2.0, 3.0]")
        if len(edges) >= MOST_BUCKETS or any(low >= high for low, high in pairwise(edges)):
            raise DataError(f"event codes: value_edges must ascend, fewer than {MOST_BUCKETS}, found {len(edges)}")
        return cls(tuple(types), tuple(map(float, edges)))


def is_value(value: Any) -> bool:
    """Whether it is a number that an event can have: finite, and within the range of float32."""
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return number and bool(abs(value) <= LARGEST_VALUE)
