"""Which types of events count, and how much."""

import numpy as np
import pyarrow as pa
import pytest

from recsys.config.data import EventType
from recsys.core.events.codes import EventCodes
from recsys.core.hashing import hash_strings
from recsys.core.schema import EVENT_TYPE
from recsys.log.event_types import BOUNDED, filter_types, type_codes, type_weights, types_met

EVENTS = pa.table(
    {
        EVENT_TYPE: pa.array(["view", "buy", "view", "view", "share"]).dictionary_encode(),
        BOUNDED + "dwell": [10.0, None, 9.5, None, 99.0],
        "place": [0, 1, 2, 3, 4],
    }
)


@pytest.mark.parametrize(
    ("types", "kept", "dropped"),
    [
        ({}, [0, 1, 2, 3, 4], {}),
        ({"buy": {}}, [1], {"event_type": 4, "below_bound": 0}),
        ({"buy": {}, "view": {}}, [0, 1, 2, 3], {"event_type": 1, "below_bound": 0}),
        ({"buy": {}, "view": {"at_least": {"dwell": 10}}}, [0, 1], {"event_type": 1, "below_bound": 2}),
        ({"buy": {"at_least": {"dwell": 0}}}, [], {"event_type": 4, "below_bound": 1}),  # a null reaches no bound
        ({"byu": {}}, [], {"event_type": 5, "below_bound": 0}),
    ],
)
def test_events_are_kept_by_type_and_bound(
    types: dict[str, dict[str, object]], kept: list[int], dropped: dict[str, int]
) -> None:
    rules = {name: EventType.model_validate(rule) for name, rule in types.items()}
    found, counts = filter_types(EVENTS, rules)
    assert (found.column("place").to_pylist(), counts) == (kept, dropped)
    assert types_met(EVENTS, rules) == sorted(set(types) & {"view", "buy", "share"})


def test_weights_go_by_the_hash_of_a_type() -> None:
    codes = hash_strings(["view", "buy", "view", "other"])
    rules = {"buy": EventType(weight=3), "view": EventType(weight=0.5)}
    assert type_weights(codes, rules).tolist() == [0.5, 3.0, 0.5, 1.0]
    assert type_weights(codes, rules).dtype == np.float32
    context = {**rules, "view": EventType(weight=0.5, target=False)}
    assert type_weights(codes, context).tolist() == [0.0, 3.0, 0.0, 1.0]


def test_codes_go_by_the_hash_of_a_type() -> None:
    names = ["view", "buy", "view", "other"]
    codes = EventCodes(("buy", "view"))
    assert type_codes(hash_strings(names), codes).tolist() == codes.of_types(names).tolist() == [3, 2, 3, 1]
