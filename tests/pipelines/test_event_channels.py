"""Types and values of events, carried from a log's rows to the sequences by every rule and over every night."""

import random
from pathlib import Path

import numpy as np
import pytest

from pipelines.prepare import Request
from recsys.core.errors import ConfigError, DataError
from recsys.core.events import Event
from tests.pipelines.conftest import random_rows, write_log

HEADER = "user_id,item_id,timestamp,kind,rating"
TYPES = {"click": {"target": False}, "buy": {"weight": 3}, "view": {"weight": 0.5}}
DATA = {"columns": {"event_type": "kind", "value": "rating"}, "event_types": TYPES}


def rows_of(seed: int) -> list[tuple[object, ...]]:
    """Many differ in nothing but their value."""
    rng = random.Random(seed)
    values = ["", "1", "2", "-0.0", "0", "4.5"]
    return [
        (user, item, time, rng.choice(list(TYPES)), rng.choice(values)) for user, item, time, _ in random_rows(seed)
    ]


def test_each_event_keeps_its_type_and_value(tmp_path, make):
    rows = [("u", "a", 1, "view", 4.5), ("u", "b", 2, "buy", ""), ("u", "c", 3, "click", -2), ("u", "d", 4, "hover", 9)]
    dataset = make(write_log(tmp_path / "log.csv", [*rows, ("u", "e", 5, "buy", "NULL")], HEADER), data=DATA)
    assert dataset.codes.types == ("buy", "click", "view")
    assert dataset.client_events(0, 4) == [
        Event("a", 1000, 0, "view", 4.5), Event("b", 2000, 1, "buy"), Event("c", 3000, 2, "click", -2.0),
        Event("e", 5000, 3, "buy"),
    ]  # fmt: skip
    sequences = dataset.sequences
    assert sequences.types.tolist() == [4, 2, 3, 2]
    assert sequences.weights.tolist() == [0.5, 3.0, 0.0, 3.0]
    assert sequences.target_types == ("buy", "view")
    assert [sequences.targets(split)[1].tolist() for split in ("train", "validation", "test")] == [[0], [1], [3]]


def test_items_count_as_seen_by_the_type_of_the_event(tmp_path, make):
    types = {"view": {"target": False}, "buy": {}, "dislike": {"target": False, "seen": True}}
    rows = [("u", "a", 1, "view", 1), ("u", "b", 2, "buy", 1), ("u", "c", 3, "dislike", 1), ("u", "d", 4, "buy", 1)]
    log = write_log(tmp_path / "log.csv", rows, HEADER)
    dataset = make(log, data={**DATA, "event_types": types})
    assert dataset.seen_types == ("buy", "dislike")
    assert dataset.sequences.seen.tolist() == [False, True, True, True]
    all_seen = make(log, data={**DATA, "event_types": {name: {} for name in types}})
    assert all_seen.seen_types is None
    assert all_seen.sequences.seen is None


def test_a_view_before_a_purchase_of_the_same_item_is_no_repeat(tmp_path, make):
    kinds = ["view", "view", "buy", "buy", "view"]
    rows = [("u", "a", time, kind, 1) for time, kind in enumerate(kinds)]
    dataset = make(write_log(tmp_path / "log.csv", rows, HEADER), data=DATA, drop_repeats=True)
    assert [event.event_type for event in dataset.client_events(0, 3)] == ["view", "buy", "view"]
    assert dataset.counts["dropped"]["repeat"] == 2


@pytest.mark.parametrize("bad", ["five", "inf", "-1e39"])
def test_a_value_that_is_no_number_refuses_its_row(tmp_path, make, bad):
    rows = [("u", item, time, "buy", 1) for time, item in enumerate("abcd")]
    log = write_log(tmp_path / "log.csv", [*rows, ("u", "e", 9, "buy", bad)], HEADER)
    with pytest.raises(DataError, match=r"1 bad value"):
        make(log, data=DATA)
    dataset = make(log, data=DATA, max_rejected_share=0.5)
    assert dataset.counts["rejected"] == {"bad value": 1}


def test_buckets_are_fitted_on_what_trains(tmp_path, make):
    """The last two of each user are held out, and say 8 and 9."""
    rows = [("u", f"i{n}", n, "buy", value) for n, value in enumerate([3, 1, "", 3, 2, 8, 9])]
    assert make(write_log(tmp_path / "log.csv", rows, HEADER), data=DATA).codes.value_edges == (2.0, 3.0)


@pytest.mark.parametrize(
    "rules",
    [{}, {"max_user_events": 6}, {"drop_repeats": True, "oov_buckets": 2, "k_core": 3}, {"split": "last_session"}],
    ids=["plain", "cap", "core", "sessions"],
)
def test_order_and_files_do_not_matter(tmp_path, make, rules):
    rows = rows_of(4)
    settings = {"events_per_shard": 100, "session_gap_minutes": 3 / 60, "keep_events": True, **rules}
    whole = make(write_log(tmp_path / "log.csv", rows, HEADER), data=DATA, **settings)
    random.Random(1).shuffle(rows)
    (tmp_path / "parts").mkdir()
    for part in range(3):
        write_log(tmp_path / "parts" / f"{part}.csv", rows[part::3], HEADER)
    parts = make(tmp_path / "parts", data=DATA, **settings)
    assert parts.path != whole.path
    assert (parts.digest, parts.counts, parts.codes) == (whole.digest, whole.counts, whole.codes)
    kept = [{n: h for n, h in d.manifest.files.items() if n.startswith("events/")} for d in (whole, parts)]
    assert kept[0] == kept[1] != {}


def test_what_was_prepared_at_once_and_in_two_nights_is_alike(tmp_path, make):
    """The buckets alone stay those of the first night."""
    rows = sorted(rows_of(5), key=lambda row: row[2])
    first, second = rows[:300], [(*row[:4], 9 if row[4] == "2" else row[4]) for row in rows[300:]]
    settings = {"keep_events": True, "drop_duplicates": False}
    at_once = make(write_log(tmp_path / "all.csv", [*first, *second], HEADER), data=DATA, **settings)
    night = make(write_log(tmp_path / "first.csv", first, HEADER), data=DATA, **settings)
    extended = make(
        write_log(tmp_path / "second.csv", second, HEADER), data=DATA, request=Request(extends=night), **settings
    )

    def told(dataset):
        bounds = zip(dataset.sequences.users, dataset.sequences.offsets, dataset.sequences.offsets[1:], strict=False)
        return {user: dataset.client_events(int(start), int(end)) for user, start, end in bounds}

    assert told(extended) == told(at_once)
    assert extended.codes == night.codes != at_once.codes
    without = {"columns": {"event_type": "kind"}, "event_types": TYPES}
    with pytest.raises(ConfigError, match=r"data\.columns\.value: .* must both have it, or neither"):
        make(tmp_path / "second.csv", data=without, request=Request(extends=night), **settings)


def test_values_that_were_missing_the_first_night_have_buckets_from_the_second_on(tmp_path, make):
    rows = sorted(rows_of(5), key=lambda row: row[2])
    first, second = [(*row[:4], "") for row in rows[:300]], rows[300:]
    settings = {"keep_events": True, "drop_duplicates": False}
    night = make(write_log(tmp_path / "first.csv", first, HEADER), data=DATA, **settings)
    assert night.codes.value_edges == ()
    at_once = make(write_log(tmp_path / "all.csv", [*first, *second], HEADER), data=DATA, **settings)
    extended = make(
        write_log(tmp_path / "second.csv", second, HEADER), data=DATA, request=Request(extends=night), **settings
    )
    assert extended.codes.value_edges == at_once.codes.value_edges != ()


def test_other_users_keep_their_values_when_one_is_forgotten(tmp_path: Path, make):
    log = write_log(tmp_path / "log.csv", rows_of(6), HEADER)
    whole = make(log, data=DATA, keep_events=True)
    gone = tmp_path / "gone.txt"
    gone.write_text(f"{whole.sequences.users[0]}\n")
    left = make(log, data=DATA, keep_events=True, request=Request(forget=gone))
    first = int(whole.sequences.offsets[1])
    assert left.sequences.users.tolist() == whole.sequences.users[1:].tolist()
    for channel in ("types", "values", "weights"):
        expected = getattr(whole.sequences, channel)[first:]
        np.testing.assert_array_equal(getattr(left.sequences, channel), expected)
