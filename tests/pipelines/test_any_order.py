"""The same bytes and the same counts, in whatever order the rows come and over however many files, under every rule."""

import random

import pytest

from tests.pipelines.conftest import random_rows, write_log

HEADER = "user_id,item_id,timestamp,kind"
TEMPORAL = {"split": "temporal", "validation_from": "1970-01-01T00:00:20", "test_from": "1970-01-01T00:00:30"}
RULES = {
    "repeats": {"drop_repeats": True},
    "cap": {"max_user_events": 6},
    "bots": {"bots": {"events": 3, "seconds": 2}},
    "buckets": {"k_core": 3, "oov_buckets": 3, "max_items": 8},
    "kept": {"keep_events": True, "drop_duplicates": False},
    "capped past": {**TEMPORAL, "max_user_events": 5, "drop_repeats": True},
    "bots of the past": {**TEMPORAL, "bots": {"events": 3, "seconds": 2}, "oov_buckets": 2},
    "sessions": {"split": "last_session", "session_gap_minutes": 3 / 60, "fit_on": "train", "k_core": 2},
}


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_order_and_files_do_not_matter(tmp_path, make, rules):
    """Rows have no arrival number, and many differ in nothing but their type, whose weights tell them apart."""
    rng = random.Random(3)
    rows = [(user, item, time, rng.choice(["click", "buy", "view"])) for user, item, time, _ in random_rows(3)]
    types = {"click": {"weight": 1}, "buy": {"weight": 3}, "view": {"weight": 0.5}}
    data = {"columns": {"event_type": "kind"}, "event_types": types}
    settings = {"events_per_shard": 100, **rules}
    whole = make(write_log(tmp_path / "log.csv", rows, HEADER), data=data, **settings)
    rng.shuffle(rows)
    folder = tmp_path / "parts"
    folder.mkdir()
    for part in range(3):
        write_log(folder / f"{part}.csv", rows[part::3], HEADER)
    parts = make(folder, data=data, **settings)
    assert parts.path != whole.path
    assert parts.counts == whole.counts
    hashes = [{n: h for n, h in one.manifest.files.items() if not n.startswith("report")} for one in (whole, parts)]
    assert hashes[0] == hashes[1]
    counts = whole.counts
    assert counts["read"] == sum(counts["dropped"].values()) + counts["events"] == len(rows)
