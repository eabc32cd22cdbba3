"""Splits, sessions, bots and caps, each against a loop over one user's events; and that none leaks."""

import itertools
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recsys.config.prepare import BotRule, PrepareConfig
from recsys.core.hashing import hash_events
from recsys.core.order import OrderKeys
from recsys.preparation.rules.bots import bot_events, find_bots
from recsys.preparation.rules.splits import (
    last_session,
    part_bounds,
    session_starts,
    split_bounds,
    split_parts,
    temporal,
)
from recsys.preparation.rules.truncation import Cap, newest_events

USERS = st.lists(st.lists(st.integers(0, 60), max_size=9).map(sorted), max_size=6)


def flat(users: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.cumsum([0, *map(len, users)])
    return offsets, np.array([time for user in users for time in user], np.int64)


def sessions(times: list[int], gap: int) -> list[list[int]]:
    found: list[list[int]] = []
    for i, time in enumerate(times):
        if i == 0 or time - times[i - 1] > gap:
            found.append([])
        found[-1].append(time)
    return found


@given(USERS, st.integers(0, 20))
def test_sessions(users, gap):
    offsets, times = flat(users)
    starts = session_starts(offsets, times, gap)
    for number, user in enumerate(users):
        assert starts[offsets[number] : offsets[number + 1]].sum() == len(sessions(user, gap))


@given(USERS, st.integers(0, 20))
def test_last_session_tests_the_one_before_validates(users, gap):
    train_end, validation_end = last_session(*flat(users), gap)
    for number, user in enumerate(users):
        parts = sessions(user, gap)
        expected = (len(user), len(user))
        if len(parts) >= 3:
            expected = (len(user) - len(parts[-1]) - len(parts[-2]), len(user) - len(parts[-1]))
        assert (train_end[number], validation_end[number]) == expected


@given(USERS, st.integers(0, 60), st.integers(0, 60))
def test_temporal_parts_know_nothing_later(users, first, second):
    validation_from, test_from = sorted((first, second))
    offsets, times = flat(users)
    parts = split_parts(offsets, *temporal(offsets, times, validation_from, test_from))
    assert (times[parts == 0] < validation_from).all()
    assert ((times[parts == 1] >= validation_from) & (times[parts == 1] < test_from)).all()
    assert (times[parts == 2] >= test_from).all()


@given(USERS)
def test_leave_one_out(users):
    offsets, times = flat(users)
    train_end, validation_end = split_bounds(offsets, times, np.ones(len(times), bool), PrepareConfig())
    for number, user in enumerate(users):
        length = len(user)
        assert (train_end[number], validation_end[number]) == (
            (length - 2, length - 1) if length >= 3 else (length, length)
        )


@given(USERS, st.data())
def test_leave_one_out_holds_out_targets(users, data):
    """The last two that may be predicted test and validate, whatever context comes between and after them."""
    offsets, times = flat(users)
    targets = np.array(data.draw(st.lists(st.booleans(), min_size=len(times), max_size=len(times))), bool)
    train_end, validation_end = split_bounds(offsets, times, targets, PrepareConfig())
    for number, (start, end) in enumerate(itertools.pairwise(offsets)):
        places = [place for place, target in enumerate(targets[start:end]) if target]
        held_out = places[-2:] if len(places) >= 2 and places[-2] > 0 else [end - start] * 2
        assert [train_end[number], validation_end[number]] == held_out


@given(USERS, st.data())
def test_bounds_follow_what_is_left(users, data):
    offsets, times = flat(users)
    parts = split_parts(offsets, *split_bounds(offsets, times, np.ones(len(times), bool), PrepareConfig()))
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=len(times), max_size=len(times))), bool)
    left = [[p for p, keep in zip(parts[a:b], kept[a:b], strict=True) if keep] for a, b in itertools.pairwise(offsets)]
    train_end, validation_end = part_bounds(np.cumsum([0, *map(len, left)]), parts[kept])
    assert train_end.tolist() == [user.count(0) for user in left]
    assert validation_end.tolist() == [user.count(0) + user.count(1) for user in left]


def test_a_temporal_split_wants_both_moments_in_order():
    early, late = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 2, 1)
    assert PrepareConfig(split="temporal", validation_from=early, test_from=late).fit_on == "train"
    for wrong in (
        {"split": "temporal"},
        {"split": "temporal", "validation_from": late, "test_from": early},
        {"split": "temporal", "validation_from": early, "test_from": late, "fit_on": "all"},
        {"validation_from": early, "test_from": late},
    ):
        with pytest.raises(ValidationError):
            PrepareConfig(**wrong)


@given(USERS, st.integers(1, 4), st.integers(1, 20))
def test_bots(users, events, seconds):
    offsets, times = flat(users)
    found = find_bots(offsets, times * 1000, BotRule(events=events, seconds=seconds))
    for number, user in enumerate(users):
        busiest = max((sum(0 <= other - time <= seconds for other in user) for time in user), default=0)
        assert found[number] == (busiest > events)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 9)), max_size=15), st.integers(1, 4))
def test_the_cap_keeps_the_newest_and_can_be_taken_in_parts(rows, cap):
    users, times = (np.array([row[column] for row in rows], kind) for column, kind in ((0, np.int32), (1, np.int64)))
    hashes = np.array([row[2] for row in rows], np.uint64)
    keys = OrderKeys(users, times, hashes)
    kept = newest_events(keys, Cap(cap))
    ties = hash_events(hashes, times)
    for user in set(users.tolist()):
        mine = sorted((times[i], ties[i]) for i in range(len(rows)) if users[i] == user)
        assert sorted((times[i], ties[i]) for i in np.flatnonzero(kept & (users == user))) == mine[-cap:]
    half = len(rows) // 2
    first = np.concatenate([newest_events(keys.take(np.arange(half)), Cap(cap)), np.ones(len(rows) - half, bool)])
    again = newest_events(keys.take(np.flatnonzero(first)), Cap(cap))
    left = [sorted(zip(users[m], times[m], ties[m], strict=True)) for m in (kept, np.flatnonzero(first)[again])]
    assert left[0] == left[1]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), max_size=15), st.integers(1, 4), st.integers(0, 10))
def test_under_a_temporal_split_the_past_is_capped_by_itself(rows, cap, cut):
    users, times = (np.array([row[column] for row in rows], kind) for column, kind in ((0, np.int32), (1, np.int64)))
    keys = OrderKeys(users, times, np.arange(len(rows), dtype=np.uint64))
    kept = newest_events(keys, Cap(cap, past_until=cut))
    for part in (times < cut, times >= cut):
        alone = newest_events(keys.take(np.flatnonzero(part)), Cap(cap))
        assert kept[part].tolist() == alone.tolist()


@given(USERS, st.integers(1, 4), st.integers(1, 20), st.integers(0, 40))
def test_under_a_temporal_split_bots_of_the_past_are_judged_by_the_past(users, events, seconds, cut):
    offsets, times = flat(users)
    rule = BotRule(events=events, seconds=seconds)
    found = bot_events(offsets, times * 1000, rule, past_until=cut * 1000)
    for number, user in enumerate(users):
        mine, past = found[offsets[number] : offsets[number + 1]], np.array([time < cut for time in user], bool)
        was, became = (
            any(sum(0 <= other - time <= seconds for other in some) > events for time in some)
            for some in ([time for time in user if time < cut], user)
        )
        assert mine.tolist() == [was or (became and not before) for before in past]
