"""The one encoder of histories, against oracles that look at one event at a time."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recsys.core.errors import DataError
from recsys.core.events import CleaningPolicy, Event, is_counted
from recsys.core.hashing import hash_events, hash_strings
from recsys.core.history import History, clean_history, encode_history, encode_newest, pad_histories
from recsys.core.order import OrderKeys, find_repetitions, order_events
from recsys.core.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["a", "b", "c"])
FEW_EVENTS = st.lists(
    st.builds(
        Event,
        item=st.sampled_from(["a", "b", "c", "unknown"]),
        timestamp=st.integers(0, 4),
        event_id=st.integers(0, 3),
        event_type=st.sampled_from(["", "buy"]),
    ),
    max_size=12,
)
NOW = 10_000
TIMES = st.one_of(st.integers(0, 3), st.integers(-(2**62), 2**62))


HASHES = st.one_of(st.integers(0, 2), st.integers(0, 2**64 - 1))


@given(st.lists(st.tuples(st.integers(0, 3), TIMES, st.integers(0, 2), HASHES, HASHES)), st.booleans(), st.booleans())
def test_order_is_user_time_arrival_hash_type(rows, with_ids, with_types):
    users, times, ids, hashes, types = (
        np.array([row[column] for row in rows], kind)
        for column, kind in enumerate((np.int32, np.int64, np.int64, np.uint64, np.uint64))
    )
    order = order_events(OrderKeys(users, times, hashes, ids if with_ids else None, types if with_types else None))
    tie_break = hash_events(hashes, times)

    def key(i):
        return users[i], times[i], ids[i] if with_ids else 0, tie_break[i], types[i] if with_types else 0, i

    assert order.tolist() == sorted(range(len(rows)), key=key)


@given(FEW_EVENTS)
def test_a_clients_events_are_ordered_by_time_then_arrival_then_as_given(events):
    """None is a duplicate to be left out, so what is known shows in which order they stand."""
    _, positions = clean_history(events, VOCABULARY, CleaningPolicy(drop_duplicates=False))
    known = [i for i, event in enumerate(events) if event.item in VOCABULARY]
    assert positions.tolist() == sorted(known, key=lambda i: (events[i].timestamp, events[i].event_id, i))


@given(st.permutations(["a", "b", "c"]))
def test_an_ordered_history_without_arrival_numbers_keeps_its_order(names):
    """Once a hash shuffled what shared a time: most ranks of a replayed data set were others."""
    (ids, *_), _ = clean_history([Event(name, 7) for name in names], VOCABULARY, CleaningPolicy())
    assert [VOCABULARY.decode(int(one)) for one in ids] == names


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2), st.integers(0, 1))),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_duplicates_and_repeats(rows, duplicates, repeats, with_types):
    rows = sorted(rows, key=lambda row: row[:2])  # user, time, item, type
    users, times, items, types = (np.array([row[column] for row in rows], np.int64) for column in range(4))
    policy = CleaningPolicy(duplicates, repeats)
    duplicate, repeat = find_repetitions(users, items, times, types if with_types else None, policy)
    seen: set[tuple[int, ...]] = set()
    last: dict[int, tuple[int, ...]] = {}
    for i, row in enumerate(rows):
        key = row if with_types else row[:3]
        is_duplicate = duplicates and key in seen
        is_repeat = repeats and not is_duplicate and last.get(row[0]) == key[2:]
        assert (bool(duplicate[i]), bool(repeat[i])) == (is_duplicate, is_repeat)
        seen.add(key)
        if not is_duplicate:
            last[row[0]] = key[2:]


def test_the_first_to_arrive_of_two_alike_is_kept():
    events = [Event("a", 5, event_id=9), Event("b", 5, event_id=5), Event("a", 5, event_id=1)]
    (ids, *_), positions = clean_history(events, VOCABULARY, CleaningPolicy())
    assert ids.tolist() == [1, 2]  # a (arrived 1), b (arrived 5); the a that arrived 9 is the same event again
    assert positions.tolist() == [2, 1]


@given(FEW_EVENTS, st.integers(1, 6), st.randoms())
def test_with_arrival_numbers_the_order_in_memory_does_not_matter(events, length, random):
    policy = CleaningPolicy(drop_repeats=True)
    events = [event._replace(event_id=number) for number, event in enumerate(events)]
    shuffled = list(events)
    random.shuffle(shuffled)
    expected = encode_history(events, VOCABULARY, length, policy, NOW)
    np.testing.assert_array_equal(encode_history(shuffled, VOCABULARY, length, policy, NOW).items, expected.items)


@given(FEW_EVENTS)
def test_positions_point_at_the_events_that_count(events):
    policy = CleaningPolicy(event_types=("buy",))
    (ids, *_), positions = clean_history(events, VOCABULARY, policy)
    for item, position in zip(ids, positions, strict=True):
        assert VOCABULARY.decode(int(item)) == events[position].item
        assert events[position].event_type in ("", "buy")


def test_the_newest_are_kept_and_padding_is_on_the_left():
    #  ids      9 | 7 9 | 1 2 3 4 5 |
    ids = np.array([9, 7, 9, 1, 2, 3, 4, 5], np.int32)
    padded = pad_histories(History(ids), np.array([0, 1, 3, 8]), np.array([0, 3, 8, 8]), 4).items
    assert padded.tolist() == [[0, 0, 0, 0], [0, 0, 7, 9], [2, 3, 4, 5], [0, 0, 0, 0]]
    assert padded.dtype == np.int32


def test_an_empty_history_is_all_padding():
    assert encode_history([], VOCABULARY, 3, CleaningPolicy(), NOW).items.tolist() == [[0, 0, 0]]


def test_unknown_items_are_left_out_or_become_buckets():
    events = [Event("a", 1), Event("new", 2), Event("b", 3)]
    assert encode_history(events, VOCABULARY, 4, CleaningPolicy(), NOW).items.tolist() == [[0, 0, 1, 2]]
    bucketed = Vocabulary(["a", "b", "c"], oov_buckets=2)
    bucket = 4 + int(hash_strings(["new"])[0] % np.uint64(2))
    assert encode_history(events, bucketed, 4, CleaningPolicy(), NOW).items.tolist() == [[0, 1, bucket, 2]]


def test_a_policy_survives_json_and_refuses_what_it_does_not_know():
    policy = CleaningPolicy(False, True, ("buy", "click"))
    assert CleaningPolicy.from_json({**policy.to_json(), "event_types": ["buy", "click"]}) == policy
    with pytest.raises(DataError, match="newer recsys"):
        CleaningPolicy.from_json({"drop_everything": True})


def test_channels_are_padded_mapped_and_named_alike():
    flat = History(np.array([3, 1, 2], np.int32))
    assert History.of(flat.inputs()) == flat
    both = flat.map(lambda *channels: np.concatenate(channels), flat.map(lambda channel: channel[-1:]))
    assert both.items.tolist() == [3, 1, 2, 2]
    assert pad_histories(flat.map(lambda channel: channel[:0]), np.array([0]), np.array([0]), 2).items.tolist() == [
        [0, 0]
    ]


def test_times_are_not_dropped_in_silence():
    flat = History(np.array([3, 1], np.int32), np.array([1_000, 61_500]))
    one = np.array([0]), np.array([2]), 3
    assert pad_histories(flat, *one, np.array([62_000])).times.tolist() == [[0, 61, 1]]
    with pytest.raises(ValueError, match="requests must say when"):
        pad_histories(flat, *one)


@given(FEW_EVENTS, st.integers(-(2**40), 2**40), st.integers(0, 2**33))
def test_ages_fall_along_a_history_and_grow_with_the_request_alike(events, now, later):
    times = [encode_history(events, VOCABULARY, 5, CleaningPolicy(), moment).times[0] for moment in (now, now + later)]
    ids = encode_history(events, VOCABULARY, 5, CleaningPolicy(), now).items[0]
    for ages in times:
        assert (np.diff(ages[ids > 0]) <= 0).all()
        assert (ages[ids == 0] == 0).all()
    assert (times[1] >= times[0]).all()


def test_an_event_without_a_type_counts_and_another_type_does_not():
    events = [Event(VOCABULARY.decode(n), n, 0, kind) for n, kind in ((1, ""), (2, "view"), (3, "buy"))]
    (ids, *_), _ = clean_history(events, VOCABULARY, CleaningPolicy(event_types=("buy",)))
    assert ids.tolist() == [1, 3]


@given(
    FEW_EVENTS,
    st.builds(
        Event,
        item=st.sampled_from(["a", "b", "c", "unknown"]),
        timestamp=st.just(9),
        event_id=st.integers(0, 3),
        event_type=st.sampled_from(["", "buy", "view"]),
    ),
    st.builds(CleaningPolicy, st.booleans(), st.booleans(), st.sampled_from([(), ("buy",)])),
)
def test_the_newest_event_adds_what_cleaning_everything_anew_adds(events, newest, policy):
    counted = [event for event in events if is_counted(event, policy)]
    last = max(counted, key=lambda event: event.timestamp, default=None)
    assume(last is None or [event.timestamp for event in counted].count(last.timestamp) == 1)
    before, after = (clean_history(all_, VOCABULARY, policy)[0].items.tolist() for all_ in (events, [*events, newest]))
    assert before + encode_newest(newest, last, VOCABULARY, policy).items.tolist() == after
