"""One way from JSON to an event, for requests, logged models and golden cases."""

from typing import Any

import numpy as np
import pytest

from recsys.bundle import event_from_json
from recsys.core.errors import DataError
from recsys.core.events import CleaningPolicy, Event


def test_every_field_is_taken() -> None:
    value = {"item": "50", "timestamp": 17, "event_id": 3, "event_type": "view", "value": 4.5}
    assert event_from_json(value, "here") == Event("50", 17, 3, "view", 4.5)


@pytest.mark.parametrize("absent", [{}, {"event_id": None, "event_type": None, "value": None}])
def test_what_is_left_out_or_null_has_its_default(absent: dict[str, None]) -> None:
    assert event_from_json({"item": "50", "timestamp": np.int64(17), **absent}, "here") == Event("50", 17, 0, "")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (3, "expected an object with item, timestamp, event_id, event_type, value, found 3"),
        (["50", 17], "expected an object"),
        ({"item": "50"}, r"missing \['timestamp'\], unknown \[\]"),
        ({"timestamp": 1}, r"missing \['item'\]"),
        ({"item": "50", "timestamp": 1, "type": "view"}, r"unknown \['type'\]"),
        ({"item": 50, "timestamp": 1}, "an item id is text, found int 50"),
        ({"item": None, "timestamp": 1}, "an item id is text, found NoneType"),
        ({"item": "\ud800", "timestamp": 1}, "not valid Unicode"),
        ({"item": "50", "timestamp": "1"}, "timestamp is a 64-bit integer, found '1'"),
        ({"item": "50", "timestamp": 1.0}, r"timestamp is a 64-bit integer, found 1\.0"),
        ({"item": "50", "timestamp": True}, "timestamp is a 64-bit integer, found True"),
        ({"item": "50", "timestamp": None}, "timestamp is a 64-bit integer, found None"),
        ({"item": "50", "timestamp": 1 << 63}, "timestamp is a 64-bit integer, found 9223372036854775808"),
        ({"item": "50", "timestamp": 10**5000}, "timestamp is a 64-bit integer, found an integer of 16610 bits"),
        ({"item": "50", "timestamp": 1, "event_id": 1.5}, r"event_id is a 64-bit integer, found 1\.5"),
        ({"item": "50", "timestamp": 1, "event_type": 7}, "event_type is text, found 7"),
        ({"item": "50", "timestamp": 1, "event_type": ["view"]}, "event_type is text"),
        ({"item": "50", "timestamp": 1, "event_type": "\udfff"}, "event_type: .* not valid Unicode"),
        ({"item": "50", "timestamp": 1, "value": "4"}, "value is a finite number within float32's range, found '4'"),
        ({"item": "50", "timestamp": 1, "value": True}, "value is a finite number .* found True"),
        ({"item": "50", "timestamp": 1, "value": float("nan")}, "value is a finite number .* found nan"),
        ({"item": "50", "timestamp": 1, "value": float("-inf")}, "value is a finite number .* found -inf"),
        ({"item": "50", "timestamp": 1, "value": 3.5e38}, r"value is a finite number .* found 3\.5e\+38"),
        ({"item": "50", "timestamp": 1, "value": 10**400}, "value is a finite number .* found an integer of 1329 bits"),
    ],
)
def test_what_is_no_event_is_named(value: Any, reason: str) -> None:
    with pytest.raises(DataError, match=rf"^request.json: history\[4\].*{reason}"):
        event_from_json(value, "request.json: history[4]")


@pytest.mark.parametrize("value", [None, [], "view", 1])
def test_a_cleaning_policy_is_an_object(value: Any) -> None:
    with pytest.raises(DataError, match="expected an object"):
        CleaningPolicy.from_json(value)
