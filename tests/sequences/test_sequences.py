"""Flat sequences against lists of each user's events."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import ConfigError
from recsys.core.events.codes import EventCodes
from recsys.core.history import History
from recsys.sequences.ranges import count_in_ranges, flat_ranges
from recsys.sequences.sequences import Sequences

# One user: events that train, that validate and that test.
USERS = st.lists(st.tuples(*[st.lists(st.integers(1, 9), max_size=4)] * 3), min_size=1, max_size=5)


def flattened(users: list[tuple[list[int], list[int], list[int]]]) -> Sequences:
    whole = [[*train, *validation, *test] for train, validation, test in users]
    offsets = np.cumsum([0, *map(len, whole)])
    return Sequences(
        users=np.array([f"u{number}" for number in range(len(users))], object),
        offsets=offsets,
        items=np.array([item for one in whole for item in one], np.int32),
        timestamps=np.arange(offsets[-1]) * 10,
        train_end=np.array([len(train) for train, _, _ in users]),
        validation_end=np.array([len(train) + len(validation) for train, validation, _ in users]),
    )


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4))))
def test_ranges_are_what_python_counts(ranges: list[tuple[int, int]]) -> None:
    starts, lengths = (np.array([one[place] for one in ranges], np.int64) for place in (0, 1))
    owner, position = flat_ranges(starts, starts + lengths)
    expected = [(number, at) for number, (start, length) in enumerate(ranges) for at in range(start, start + length)]
    assert [*zip(owner.tolist(), position.tolist(), strict=True)] == expected


@pytest.mark.parametrize("at_once", [1, 2, 1000])
def test_what_stands_in_ranges_is_counted_some_ranges_at_a_time(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys.sequences.ranges.RANGES", at_once)
    values, starts, ends = np.array([1, 2, 2, 5, 1, 1], np.int32), np.array([0, 3, 3]), np.array([2, 3, 6])
    assert count_in_ranges(values, starts, ends, 2).tolist() == [0, 3, 1, 0, 0, 1]  # 1 2, nothing, 5 1 1
    assert count_in_ranges(values, starts, ends, 2, values != 1).tolist() == [0, 0, 1, 0, 0, 1]


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        flat_ranges(np.array([3]), np.array([2]))


@given(USERS)
def test_splits_are_stretches_of_each_user(users: list[tuple[list[int], list[int], list[int]]]) -> None:
    sequences = flattened(users)
    assert len(sequences) == len(users)
    for part, split in enumerate(("train", "validation", "test")):
        owners, positions = sequences.targets(split)
        expected = [(number, item) for number, user in enumerate(users) for item in user[part]]
        assert [*zip(owners.tolist(), sequences.items[positions].tolist(), strict=True)] == expected
        starts, ends = sequences.bounds(split)
        found = [sequences.items[a:b].tolist() for a, b in zip(starts, ends, strict=True)]
        assert found == [user[part] for user in users]


@given(USERS, st.integers(1, 5))
def test_a_history_is_all_that_came_before_the_newest_kept(
    users: list[tuple[list[int], list[int], list[int]]], length: int
) -> None:
    sequences = flattened(users)
    for split in ("validation", "test"):
        owners, positions = sequences.targets(split)
        histories = sequences.histories(owners, positions, History(np.empty((0, length)))).items
        assert histories.shape == (len(owners), length)
        for owner, position, history in zip(owners, positions, histories.tolist(), strict=True):
            before = [item for part in users[owner] for item in part][: position - sequences.offsets[owner]]
            kept = before[-length:]
            assert history == [0] * (length - len(kept)) + kept


def with_channels() -> Sequences:
    """Two users: a view, a buy, a view, a buy; a buy, a view."""
    plain = flattened([([1, 2], [3], [4]), ([5], [6], [])])
    types = np.array([3, 2, 3, 2, 2, 3], np.int32)
    values = np.array([np.nan, 1, 2, 3, 4, 0.1], np.float32)
    weights = np.where(types == 2, 3, 0).astype(np.float32)
    return replace(plain, types=types, values=values, weights=weights, codes=EventCodes(("buy", "view"), (2.0, 4.0)))


def test_only_events_of_target_types_are_predicted_and_all_are_read() -> None:
    sequences = with_channels()
    assert [sequences.targets(split)[1].tolist() for split in ("train", "validation", "test")] == [[1, 4], [], [3]]
    assert sequences.target_types == ("buy",)
    like = History(np.empty((0, 5)), types=(np.empty((0, 5))), values=np.empty((0, 5)))
    read = sequences.histories(*sequences.targets("test"), like)
    assert [channel.tolist() for channel in (read.items, read.types, read.values)] == [
        [[0, 0, 1, 2, 3]], [[0, 0, 3, 2, 3]], [[0, 0, 1, 2, 3]]
    ]  # fmt: skip
    assert read.times == ()


def test_events_that_count_alike_are_all_predicted() -> None:
    sequences = replace(with_channels(), weights=np.full(6, 0.5, np.float32))
    assert sequences.target_mask is None
    assert sequences.target_types == ("buy", "view")
    assert sequences.targets("train")[1].tolist() == [0, 1, 4]


def test_types_and_values_are_given_back_as_a_client_holds_them() -> None:
    assert [*map(list, with_channels().types_and_values(3, 6))] == [["buy", "buy", "view"], [3.0, 4.0, 0.1]]
    assert [*map(list, with_channels().types_and_values(0, 1))] == [["view"], [None]]
    assert [*map(list, flattened([([1], [], [])]).types_and_values(0, 1))] == [[""], [None]]


@pytest.mark.parametrize("split", ["validation", "test"])
def test_of_a_target_and_what_comes_after_a_history_holds_the_time_alone(split: str) -> None:
    random, events = np.random.default_rng(0), 60
    sequences = replace(
        flattened([([1, 2, 3, 4], [5], [6])] * 10),
        types=random.integers(1, 4, events).astype(np.int32),
        values=random.uniform(0, 5, events).astype(np.float32),
        codes=EventCodes(("buy", "view"), (2.0, 4.0)),
    )
    users, places = sequences.targets(split)
    later = np.arange(events) % 6 >= places[0]

    def shuffled(values: Any) -> Any:
        out = values.copy()
        out[later] = random.permutation(out[later])
        return out

    others = replace(
        sequences, items=sequences.items[::-1] * later + sequences.items * ~later,
        types=shuffled(sequences.types), values=shuffled(sequences.values),
    )  # fmt: skip
    assert (others.items[places] != sequences.items[places]).all()
    like = History(*[np.empty((0, 5))] * 4)
    known, unchanged = (one.histories(users, places, like) for one in (sequences, others))
    for name, array in known.inputs().items():
        np.testing.assert_array_equal(unchanged.inputs()[name], array, err_msg=f"{name} shows more of a target")
    apart = replace(sequences, timestamps=sequences.timestamps + 7000 * later).histories(users, places, like)
    assert {name for name, array in known.inputs().items() if not np.array_equal(apart.inputs()[name], array)} == {
        "ages"
    }


def test_a_model_of_other_codes_reads_the_same_events_by_its_own() -> None:
    theirs = EventCodes(("share", "view"), (0.5,))
    like = History(np.empty(0), types=np.empty(0), values=np.empty(0))
    read = with_channels().recoded(theirs).events(like)
    names, values = ["view", "buy", "view", "buy", "buy", "view"], [None, 1, 2, 3, 4, 0.1]
    assert read.types.tolist() == theirs.of_types(names).tolist() == [3, 1, 3, 1, 1, 3]
    assert read.values.tolist() == theirs.of_values(values).tolist() == [1, 3, 3, 3, 3, 2]


def test_a_channel_that_is_not_there_is_told() -> None:
    like = History(np.empty(0), types=np.empty(0), values=np.empty(0))
    with pytest.raises(ConfigError, match="reads types and values of events, and the dataset has none"):
        flattened([([1], [], [])]).events(like)


def test_a_split_of_another_name_is_refused() -> None:
    with pytest.raises(KeyError, match="tests"):
        flattened([([1], [2], [3])]).bounds("tests")
