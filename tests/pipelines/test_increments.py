"""Nights: a dataset extended day by day equals one made from all days; who is forgotten stays forgotten."""

import random
from itertools import chain

import pyarrow.parquet as pq
import pytest

from pipelines.prepare import Request
from recsys.artifacts.finding import lineage
from recsys.core.errors import ConfigError, DataError
from recsys.core.hashing import hash_strings
from recsys.preparation.user_deletion import holds_users, keyed_hashes, read_users
from tests.pipelines.conftest import BOTH, histories, random_rows, write_log

SETTINGS = {"k_core": 4, "keep_events": True, "drop_repeats": True, "events_per_shard": 150}


def days(seed: int) -> list[list[tuple[str, str, int, int]]]:
    """Three days; some events of a day are told again the day after, as logs do."""
    rng = random.Random(seed)
    parts = []
    for day in range(3):
        rows = [
            (user, item, 100 * day + time, 1000 * day + number) for user, item, time, number in random_rows(seed + day)
        ]
        parts.append(rows + (rng.sample(parts[-1], 20) if parts else []))
    return parts


@pytest.mark.long
def test_extended_day_by_day_equals_made_from_all_days(tmp_path, make):
    parts = days(20)
    dataset = make(write_log(tmp_path / "0.csv", parts[0]), **SETTINGS)
    for day in (1, 2):
        before = dataset.vocabulary.external_ids
        dataset = make(write_log(tmp_path / f"{day}.csv", parts[day]), request=Request(extends=dataset), **SETTINGS)
        assert dataset.vocabulary.external_ids[: len(before)] == before
        assert dataset.counts["stored"] > 0
    whole = make(write_log(tmp_path / "all.csv", chain(*parts)), **SETTINGS)
    assert len(histories(whole)) > 10
    assert histories(dataset) == histories(whole)
    assert set(dataset.vocabulary.external_ids) == set(whole.vocabulary.external_ids)
    counts = [dict(zip(one.items["external_id"], one.items["count"], strict=True)) for one in (dataset, whole)]
    assert counts[0] == counts[1]
    by_user = [dict(zip(d.sequences.users, d.sequences.train_end, strict=True)) for d in (dataset, whole)]
    assert by_user[0] == by_user[1]


@BOTH
def test_events_below_the_core_wait_for_their_day(tmp_path, make, runner):
    first = [(f"u{n % 4}", f"i{n % 3}", n, n) for n in range(48)] + [("late", "i0", 50, 50), ("late", "i1", 51, 51)]
    dataset = make(write_log(tmp_path / "0.csv", first), runner=runner, **SETTINGS)
    assert "late" not in histories(dataset)
    second = [("late", "i2", 60, 60), ("late", "i0", 61, 61)]
    dataset = make(write_log(tmp_path / "1.csv", second), request=Request(extends=dataset), runner=runner, **SETTINGS)
    assert histories(dataset)["late"] == ["i0", "i1", "i2", "i0"]


def test_a_night_that_extends_is_no_drift_however_small_and_late(tmp_path, make):
    many = [(f"u{n % 4}", f"i{n % 5}", n, n) for n in range(60)]
    few = [(f"u{n % 4}", f"i{n % 5}", 1000 + n, 1000 + n) for n in range(20)]
    old = make(write_log(tmp_path / "0.csv", many), **SETTINGS)
    night = write_log(tmp_path / "1.csv", few)
    new = make(night, request=Request(extends=old, against=old), **SETTINGS)
    assert (new.counts["read"], new.counts["stored"]) == (20, 60)
    # From the third night on, a night's rows are held against those of the night before.
    for count, fits in ((18, True), (70, False), (5, False)):
        more = [(f"u{n % 4}", f"i{n % 5}", 2000 + n, 2000 + n) for n in range(count)]
        third = write_log(tmp_path / f"2-{count}.csv", more)
        if fits:
            make(third, request=Request(extends=new, against=new), **SETTINGS)
        else:
            with pytest.raises(DataError, match=f"rows: 20 became {count}"):
                make(third, request=Request(extends=new, against=new), **SETTINGS)
    (tmp_path / "forget.txt").write_text("u0\nu1\nu2\n")
    with pytest.raises(DataError, match="users: 4 became 1"):
        make(night, request=Request(extends=old, against=old, forget=tmp_path / "forget.txt"), **SETTINGS)
    with pytest.raises(DataError, match=r"(?s)rows: 60 became 20.*time range"):
        make(night, request=Request(against=old), **SETTINGS)


def test_forgotten_users_are_gone_for_good(tmp_path, make):
    parts = days(30)
    parts[1].append(("u1", "", 5, 5))  # a refused row that names someone
    kept = make(write_log(tmp_path / "0.csv", parts[0]), **SETTINGS)
    (tmp_path / "forget.txt").write_text("u1\nu2\nnobody\n")
    request = Request(extends=kept, forget=tmp_path / "forget.txt")
    second = make(write_log(tmp_path / "1.csv", parts[1]), request=request, **SETTINGS)
    third = make(write_log(tmp_path / "2.csv", parts[2]), request=Request(extends=second), **SETTINGS)
    others = [row for row in chain(*parts) if row[0] not in ("u1", "u2") and row[1]]
    assert histories(third) == histories(make(write_log(tmp_path / "all.csv", others), **SETTINGS))
    users = read_users(tmp_path / "forget.txt")
    assert holds_users(kept, users)
    assert not holds_users(second, users)
    assert second.counts["forgotten_users"] == third.counts["forgotten_users"] == 2
    expected = sum(row[0] in ("u1", "u2") and bool(row[1]) for row in parts[0] + parts[1])
    assert second.counts["dropped"]["forgotten"] == expected
    for dataset in (second, third):
        for path in dataset.path.rglob("*.parquet"):
            assert not {b"u1", b"u2"} & {
                str(v).encode() for row in pq.read_table(path).to_pylist() for v in row.values()
            }


def test_a_night_that_adds_nothing_is_told(tmp_path, make, capsys):
    rows = [(f"u{n % 4}", f"i{n % 5}", n, n) for n in range(60)]
    dataset = make(write_log(tmp_path / "0.csv", rows), **SETTINGS)
    again = make(write_log(tmp_path / "again.csv", rows), request=Request(extends=dataset), **SETTINGS)
    assert histories(again) == histories(dataset)
    assert f"again.csv: adds nothing, for {dataset.path} has all of its 60 valid rows" in capsys.readouterr().err
    more = [*rows, ("u0", "i9", 99, 99)]
    make(write_log(tmp_path / "more.csv", more), request=Request(extends=dataset), **SETTINGS)
    assert "adds nothing" not in capsys.readouterr().err


def test_a_night_that_no_night_can_follow_is_told(tmp_path, make, capsys):
    rows = [(f"u{n % 4}", f"i{n % 5}", n, n) for n in range(60)]
    dataset = make(write_log(tmp_path / "0.csv", rows), **SETTINGS)
    assert "keep no events" not in capsys.readouterr().err
    last = {**SETTINGS, "keep_events": False}
    more = write_log(tmp_path / "1.csv", [("u0", "i1", 99, 99)])
    make(more, request=Request(extends=dataset), **last)
    assert "keep no events for a further night" in capsys.readouterr().err


def test_all_nights_before_are_found(tmp_path, make):
    nights = [[(f"u{n % 4}", f"i{n % 5}", 100 * day + n, 100 * day + n) for n in range(60)] for day in range(3)]
    made = [make(write_log(tmp_path / "0.csv", nights[0]), **SETTINGS)]
    for day in (1, 2):
        made.append(
            make(write_log(tmp_path / f"{day}.csv", nights[day]), request=Request(extends=made[-1]), **SETTINGS)
        )
    work_dir = made[0].path.parents[1]
    (work_dir / "datasets" / "broken").mkdir()
    assert [one.path for one in lineage(made[2], work_dir)] == [one.path for one in reversed(made)]
    assert [one.path for one in lineage(made[0], work_dir)] == [made[0].path]


def test_a_temporal_split_moves_on_from_night_to_night(tmp_path, make):
    """The stored events are uncleaned and unsplit: a later cut gives what a rebuild with it gives."""
    settings = {"k_core": 2, "keep_events": True, "split": "temporal"}
    cuts = [
        {"validation_from": f"1970-01-01T{validation}", "test_from": f"1970-01-01T{test}"}
        for validation, test in (("00:00:20", "00:00:30"), ("00:02:00", "00:02:10"))
    ]
    parts = days(50)  # of 40 seconds, 100 seconds apart
    first = make(write_log(tmp_path / "0.csv", parts[0]), **settings, **cuts[0])
    second = make(write_log(tmp_path / "1.csv", parts[1]), request=Request(extends=first), **settings, **cuts[1])
    whole = make(write_log(tmp_path / "all.csv", parts[0] + parts[1]), **settings, **cuts[1])
    assert histories(second) == histories(whole)
    assert second.counts["train"] == whole.counts["train"] > first.counts["train"]


def test_an_item_that_fell_out_of_the_largest_ones_shares_a_bucket_as_it_would_in_a_rebuild(tmp_path, make):
    """Of two ids at most, `a` leads the first night; then `b` and `c` overtake it."""
    settings = {"k_core": 1, "keep_events": True, "max_items": 2, "oov_buckets": 1, "drop_duplicates": False}
    first = [(f"u{n % 4}", item, n, n) for n, item in enumerate("aaaaaaaabbbbbc")]
    second = [(f"u{n % 4}", item, n, n) for n, item in enumerate("bbbbbbbbcccccccccccc", 100)]
    night = make(write_log(tmp_path / "0.csv", first), **settings)
    assert night.vocabulary.external_ids == ("a", "b")
    extended = make(write_log(tmp_path / "1.csv", second), request=Request(extends=night), **settings)
    whole = make(write_log(tmp_path / "all.csv", first + second), **settings)
    assert extended.vocabulary.external_ids == ("a", "b", "c")  # a keeps its id, without an event of its own
    assert extended.items["count"].tolist() == [0, 13, 13]
    assert histories(extended) == histories(whole)  # None stands for the bucket
    assert any(None in items for items in histories(extended).values())


@pytest.mark.parametrize("listed", ["\ufeffu1\r\nu2", "u1\n\nu2\n"])
def test_a_list_of_users_is_read_as_editors_write_it(tmp_path, listed):
    (tmp_path / "forget.txt").write_bytes(listed.encode())
    assert read_users(tmp_path / "forget.txt") == ["u1", "u2"]


def test_who_is_forgotten_cannot_be_tried_out_without_the_key(tmp_path, make, monkeypatch):
    log = write_log(tmp_path / "0.csv", days(30)[0])
    (tmp_path / "forget.txt").write_text("u1\n")
    work = tmp_path / "work"
    first = make(log, work=work, request=Request(forget=tmp_path / "forget.txt"), **SETTINGS)
    key = work / "forget.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert not key.is_relative_to(first.path)
    assert hash_strings(["u1"])[0] not in first.forgotten
    secret = bytes.fromhex(key.read_text())
    assert keyed_hashes(["u1"], secret).tolist() == first.forgotten.tolist()
    assert not any(secret in path.read_bytes() or key.read_bytes().strip() in path.read_bytes()
                   for path in first.path.rglob("*") if path.is_file())  # fmt: skip
    night = write_log(tmp_path / "1.csv", days(30)[1])
    kept = key.rename(tmp_path / "kept.key")
    with pytest.raises(ConfigError, match=r"forgotten users are hashed with a key that is not .*forget\.key"):
        make(night, work=work, request=Request(extends=first), **SETTINGS)
    assert not key.exists(), "a new key would bring them back"
    key.write_text("ab" * 32)
    with pytest.raises(ConfigError, match="forgotten users are hashed with a key"):
        make(night, work=work, request=Request(extends=first), **SETTINGS)
    key.write_text("no key")
    with pytest.raises(DataError, match=r"forget.key: expected the key of forgotten users, 64 hex digits"):
        make(night, work=work, request=Request(extends=first), **SETTINGS)
    monkeypatch.setenv("RECSYS_FORGET_KEY_FILE", str(kept))
    second = make(night, work=work, request=Request(extends=first), **SETTINGS)
    assert "u1" not in histories(second)
    assert second.forgotten.tolist() == first.forgotten.tolist()
