"""Which types of events count, how much, and what stands for them."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.data import EventType
from recsys.core.events.codes import UNKNOWN, EventCodes
from recsys.core.hashing import hash_strings
from recsys.core.schema import EVENT_TYPE

BOUNDED = "at_least."  # before the name of a column that is read for a bound only


def filter_types(events: pa.Table, types: dict[str, EventType]) -> tuple[pa.Table, dict[str, int]]:
    """Keep the events of the given types that reach their bounds; without types, all.

    Returns:
        The events kept, and how many each rule dropped.
    """
    if not types:
        return events, {}
    column = events.column(EVENT_TYPE)
    known = np.asarray(pc.is_in(column, value_set=pa.array(list(types))))
    reached = np.ones(len(events), np.bool_)
    for name, rule in types.items():
        for bounded, least in rule.at_least.items():
            enough = np.asarray(pc.fill_null(pc.greater_equal(events.column(BOUNDED + bounded), least), False))
            reached &= enough | ~np.asarray(pc.equal(column, name))
    kept = known & reached
    dropped = {"event_type": int((~known).sum()), "below_bound": int((known & ~reached).sum())}
    return events.filter(pa.array(kept)), dropped


def types_met(events: pa.Table, types: dict[str, EventType]) -> list[str]:
    """Which of the given types occur, sorted: one that never does is most likely misspelt."""
    if not types:
        return []
    return sorted(set(pc.unique(events.column(EVENT_TYPE).cast(pa.string())).to_pylist()) & set(types))


def type_weights(codes: npt.NDArray[np.uint64], types: dict[str, EventType]) -> npt.NDArray[np.float32]:
    """What each event counts as a target, ``[n] float32``, by the hash of its type (``hash_strings``); 0 is context."""
    weights = np.ones(len(codes), np.float32)
    for code, rule in zip(hash_strings(types), types.values(), strict=True):
        weights[codes == code] = rule.weight if rule.target else 0.0
    return weights


def type_codes(hashes: npt.NDArray[np.uint64], codes: EventCodes) -> npt.NDArray[np.int32]:
    """``EventCodes.of_types``, ``[n] int32``, of types that are known by their hash (``hash_strings``)."""
    found = np.full(len(hashes), UNKNOWN, np.int32)
    for one, code in zip(hash_strings(codes.types), codes.of_types(codes.types), strict=True):
        found[hashes == one] = code
    return found
