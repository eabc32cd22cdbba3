"""Codes of types and values, against oracles that look at one at a time."""

import math
from bisect import bisect_right
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import DataError
from recsys.core.events import CleaningPolicy, Event
from recsys.core.events.codes import MOST_BUCKETS, MOST_TYPES, EventCodes
from recsys.core.history import History, client_encoding, encode_history
from recsys.core.vocabulary import Vocabulary
from recsys.preparation.rules.value_buckets import fit_value_edges

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
EDGES = st.lists(FLOATS, max_size=MOST_BUCKETS - 1, unique=True).map(sorted).map(tuple)


@given(EDGES, st.lists(st.none() | FLOATS))
def test_a_value_is_in_the_bucket_of_the_last_edge_not_above_it(
    edges: tuple[float, ...], values: list[float | None]
) -> None:
    found = EventCodes(value_edges=edges).of_values(values).tolist()
    assert found == [1 if value is None else 2 + bisect_right(edges, value) for value in values]


@given(EDGES, st.lists(FLOATS, min_size=2))
def test_a_greater_value_has_no_smaller_bucket(edges: tuple[float, ...], values: list[float]) -> None:
    found = EventCodes(value_edges=edges).of_values(sorted(values)).tolist()
    assert found == sorted(found)
    assert set(found) <= set(range(2, len(edges) + 3))


def test_values_are_compared_as_float32() -> None:
    """.1 is below the float32 next to it, which is the edge; a phone must not see them apart."""
    edge = float(np.float32(0.1))
    assert edge > 0.1
    assert EventCodes(value_edges=(edge,)).of_values([0.1, edge, 0.0999999]).tolist() == [3, 3, 2]
    assert EventCodes(value_edges=(edge,)).of_values(np.array([0.1, np.nan], np.float32)).tolist() == [3, 1]


@given(st.lists(st.none() | st.sampled_from([1.0, 2.0, 2.5, 5.0])))
def test_few_values_have_a_bucket_each(values: list[float | None]) -> None:
    known = sorted({value for value in values if value is not None})
    edges = fit_value_edges(lambda: [np.array([np.nan if value is None else value for value in values], np.float32)])
    assert list(edges) == known[1:]
    codes = EventCodes(value_edges=edges).of_values(known)
    assert codes.tolist() == list(range(2, 2 + len(known)))


@given(st.lists(FLOATS, min_size=1, max_size=300), st.integers(2, 9), st.randoms())
def test_many_values_share_buckets_of_about_one_size(values: list[float], most: int, random: Any) -> None:
    edges = fit_value_edges(lambda: [np.array(values, np.float32)], most)
    ordered = sorted(values)
    if len(set(values)) > most:
        assert edges == tuple(sorted({ordered[len(values) * i // most] for i in range(most)}))[1:]
    shuffled, cut = random.sample(values, len(values)), random.randrange(len(values))
    parts = [np.array(part, np.float32) for part in (shuffled[:cut], shuffled[cut:])]
    assert edges == fit_value_edges(lambda: parts, most), "the order of values says nothing"
    assert len(edges) < most
    assert set(edges) <= set(values)
    counts = np.bincount(EventCodes(value_edges=edges).of_values(values))[2:]
    commonest = max(values.count(value) for value in set(values))
    if len(set(values)) > most:
        assert counts.max() <= math.ceil(len(values) / most) + commonest - 1
    assert counts.min() > 0, "no bucket is empty"


def test_a_history_holds_the_codes_that_its_model_reads() -> None:
    events = [Event("a", 1, 0, "buy", 4.0), Event("b", 2, 0, "swipe"), Event("unknown", 3, 0, "buy"), Event("a", 4)]
    codes, vocabulary = EventCodes(("buy", "view"), (3.0, 5.0)), Vocabulary(["a", "b"])
    policy = CleaningPolicy(event_types=("buy", "view"))

    def encoded(**channels: str) -> list[list[int]]:
        like = History("items", **channels)
        own_policy, own_codes = client_encoding(like, policy, codes)
        found = encode_history(events, vocabulary, 4, own_policy, 9, own_codes)
        return [channel[0].tolist() for channel in found.like(like).inputs().values()]

    assert encoded() == [[0, 0, 1, 1]], "a type that does not count is left out"
    assert encoded(types="types") == [[0, 1, 2, 1], [0, 2, 1, 1]], "a type never met has a code, as has none at all"
    assert encoded(values="values") == [[0, 0, 1, 1], [0, 0, 3, 1]]
    assert encoded(types="types", values="values") == [[0, 1, 2, 1], [0, 2, 1, 1], [0, 3, 1, 1]]


@given(st.lists(st.text(max_size=3), max_size=MOST_TYPES, unique=True), st.none() | EDGES)
def test_what_stands_in_a_manifest_is_read_back(types: list[str], edges: tuple[float, ...] | None) -> None:
    codes = EventCodes(tuple(types), edges)
    assert EventCodes.from_json(codes.to_json()) == codes


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "expected an object, found list"),
        ({"edges": []}, "unknown keys"),
        ({"types": "view"}, "types must be a list of texts"),
        ({"types": [1]}, "types must be a list of texts"),
        ({"types": ["a", "a"]}, "types must be distinct"),
        ({"types": [str(n) for n in range(MOST_TYPES + 1)]}, "at most 30, found 31"),
        ({"value_edges": 3}, "value_edges must be a list of numbers"),
        ({"value_edges": [True]}, "value_edges must be a list of numbers"),
        ({"value_edges": [float("nan")]}, "value_edges must be a list of numbers"),
        ({"value_edges": [1e39]}, "value_edges must be a list of numbers"),
        ({"value_edges": [2.0, 2.0]}, "must ascend"),
        ({"value_edges": list(range(MOST_BUCKETS))}, "fewer than 32, found 32"),
    ],
)
def test_what_is_no_event_codes_is_named(value: Any, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        EventCodes.from_json(value)
