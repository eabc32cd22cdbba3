"""The same bytes and the same counts, in whatever order the rows come over however many files, and by either
exchange, under every rule."""

import random

import pytest

from pipelines.runners import Runner
from recsys.artifacts.dataset import Dataset
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


def hashes(dataset: Dataset) -> dict[str, str]:
    return {name: sha for name, sha in dataset.manifest.files.items() if not name.startswith("report")}


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_order_files_and_exchange_do_not_matter(tmp_path, make, rules):
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
    engine = make(folder, data=data, work=tmp_path / "engine", runner=Runner(exchange="engine"), **settings)
    for other in (parts, engine):
        assert other.digest == whole.digest
        assert other.counts == whole.counts
        assert hashes(other) == hashes(whole)
    counts = whole.counts
    assert counts["read"] == sum(counts["dropped"].values()) + counts["events"] == len(rows)
