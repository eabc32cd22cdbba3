"""The whole preparation against an oracle that does it event by event."""

import gzip
import json
import os
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from pipelines.prepare import prepare
from pipelines.runners import Runner
from recsys.artifacts.dataset import Dataset
from recsys.config import parse_config
from recsys.core.errors import DataError
from tests.pipelines.conftest import BOTH, HEADER, histories, random_rows, write_log


def oracle(rows: list[tuple[str, str, int, int]], k: int) -> dict[str, list[str]]:
    """Order, drop exact duplicates, take the k-core: one event at a time."""
    left = []
    seen = set()
    for user, item, time, _ in sorted(rows, key=lambda row: (row[0], row[2], row[3])):
        if (user, item, time) not in seen:
            seen.add((user, item, time))
            left.append((user, item))
    while True:
        by_user = Counter(user for user, _ in left)
        by_item = Counter(item for _, item in left)
        kept = [(user, item) for user, item in left if by_user[user] >= k and by_item[item] >= k]
        if kept == left:
            break
        left = kept
    result: dict[str, list[str]] = {}
    for user, item in left:
        result.setdefault(user, []).append(item)
    return result


@BOTH
@pytest.mark.parametrize("k", [1, 8])
def test_sequences_are_what_one_event_at_a_time_makes(tmp_path, make, k, runner):
    rows = random_rows(k)
    dataset = make(write_log(tmp_path / "log.csv", rows), k_core=k, runner=runner)
    assert histories(dataset) == oracle(rows, k)


def test_a_core_of_more_rounds_than_a_pipeline_holds(tmp_path, make, monkeypatch, capsys):
    """A chain in which each round drops the next user, and with it the next item: 2 events each but at its end."""
    rows = [(f"u{n}", f"i{n + one}", n, 2 * n + one) for n in range(3) for one in (0, 1)]
    core = [(f"v{n}", f"j{(n + one) % 3}", n + one, 100 + 3 * n + one) for n in range(3) for one in range(3)]
    log = write_log(tmp_path / "log.csv", rows + core)
    expected = make(log, k_core=2)
    monkeypatch.setattr("pipelines.engine_exchange.ROUNDS", 2)  # and a third, which drops nothing, ends it
    found = make(log, work=tmp_path / "other", k_core=2, runner=Runner(exchange="engine"))
    assert len(found.counts["core_rounds"]) == 2  # from both ends, two of the four items a round
    assert found.digest == expected.digest
    told = [line for line in capsys.readouterr().err.splitlines() if "begins again" in line]
    assert [line.rpartition(" ")[2] for line in told] == ["4"]


def test_counts_account_for_every_row(tmp_path, make):
    rows = random_rows(3)
    counts = make(write_log(tmp_path / "log.csv", rows), k_core=8).counts
    assert counts["read"] == len(rows)
    assert counts["read"] == sum(counts["rejected"].values()) + sum(counts["dropped"].values()) + counts["events"]
    assert counts["events"] == counts["train"] + counts["validation"] + counts["test"]
    assert sum(counts["core_rounds"]) == counts["dropped"]["core"] > 0


def test_items_are_numbered_by_count_then_bytes(tmp_path, make):
    items = make(write_log(tmp_path / "log.csv", random_rows(4)), k_core=2).items
    expected = sorted(zip(-items["count"], items["external_id"].str.encode("utf-8"), strict=True))
    assert list(zip(-items["count"], items["external_id"].str.encode("utf-8"), strict=True)) == expected
    assert items["item_id"].tolist() == list(range(1, len(items) + 1))


def test_leave_one_out_bounds(tmp_path, make):
    rows = [("a", i, i, i) for i in range(5)] + [("b", i, i, 9 + i) for i in range(2)]
    sequences = make(write_log(tmp_path / "log.csv", rows)).sequences
    assert sequences.users.tolist() == ["a", "b"]
    assert sequences.train_end.tolist() == [3, 2]
    assert sequences.validation_end.tolist() == [4, 2]


def shard_bytes(dataset: Dataset) -> dict[str, str]:
    return {name: sha for name, sha in dataset.manifest.files.items() if "rejects" not in name and "html" not in name}


@pytest.mark.parametrize("with_ids", [True, False])
def test_the_same_bytes_whatever_the_order_and_the_files(tmp_path, make, with_ids):
    rows = random_rows(5)
    if not with_ids:
        rows = [row[:3] for row in rows]
    data = {} if with_ids else {"columns": {}}
    header = HEADER if with_ids else HEADER.removesuffix(",event_id")
    whole = make(write_log(tmp_path / "log.csv", rows, header), data=data, k_core=3, events_per_shard=100)
    assert len(list((whole.path / "sequences").iterdir())) == 4
    random.Random(1).shuffle(rows)
    folder = tmp_path / "parts"
    folder.mkdir()
    for part in range(7):
        write_log(folder / f"{part}.csv", rows[part::7], header)
    parts = make(folder, data=data, k_core=3, events_per_shard=100)
    assert parts.path != whole.path
    assert shard_bytes(parts) == shard_bytes(whole)
    assert parts.digest == whole.digest


@pytest.mark.long
def test_every_format_reads_alike(tmp_path, make):
    rows = random_rows(6)
    plain = write_log(tmp_path / "log.csv", rows)
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    table = pacsv.read_csv(plain)
    pq.write_table(table, tmp_path / "log.parquet", row_group_size=70)
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    (tmp_path / "log.tsv").write_text(plain.read_text().replace(",", "\t"))
    expected = make(plain).digest
    for name in ("log.csv.gz", "log.parquet", "log.jsonl"):
        assert make(tmp_path / name).digest == expected, name
    assert make(tmp_path / "log.tsv", data={"delimiter": "\t"}).digest == expected


def test_an_unchanged_input_is_reused_and_a_changed_one_is_not(tmp_path):
    log = write_log(tmp_path / "log.csv", random_rows(7))
    config = parse_config({"data": {"path": str(log), "columns": {"event_id": "event_id"}}, "prepare": {"k_core": 1}})
    first = prepare(config, tmp_path / "work")
    again = prepare(config, tmp_path / "work")
    assert (first.reused, again.reused) == (False, True)
    assert again.artifact.path == first.artifact.path
    write_log(log, random_rows(8))
    assert not prepare(config, tmp_path / "work").reused


def test_a_dataset_verifies_and_notices_damage(tmp_path, make):
    dataset = make(write_log(tmp_path / "log.csv", random_rows(9)))
    Dataset(dataset.path).verify()
    (dataset.path / "items.parquet").write_bytes(b"PAR1")
    with pytest.raises(Exception, match=r"items.parquet: SHA-256"):
        Dataset(dataset.path).verify()


def test_metadata_is_joined(tmp_path, make):
    log = write_log(tmp_path / "log.csv", [("u", item, time, time) for time, item in enumerate("aab")])
    (tmp_path / "items.csv").write_text('item,name,year\na,"Alien, the first",1979\nz,Zodiac,2007\n')
    items = {"path": str(tmp_path / "items.csv"), "item": "item", "title": "name"}
    table = make(log, data={"items": items}).items
    assert table["external_id"].tolist() == ["a", "b"]
    assert table["title"].tolist()[0] == "Alien, the first"
    assert table["title"].isna().tolist() == [False, True]
    assert table["year"].tolist()[0] == 1979


def test_oov_buckets_are_where_the_vocabulary_puts_them(tmp_path, make):
    rows = random_rows(10)
    dataset = make(write_log(tmp_path / "log.csv", rows), max_items=5, oov_buckets=3)
    assert dataset.counts["events"] == len(rows) - dataset.counts["dropped"]["duplicate"]
    by_user: dict[str, list[str]] = {}
    seen = set()
    for user, item, time, _ in sorted(rows, key=lambda row: (row[0], row[2], row[3])):
        if (user, item, time) not in seen:
            seen.add((user, item, time))
            by_user.setdefault(user, []).append(item)
    sequences = dataset.sequences
    for number, user in enumerate(sequences.users):
        ids = sequences.items[sequences.offsets[number] : sequences.offsets[number + 1]]
        np.testing.assert_array_equal(ids, dataset.vocabulary.encode(by_user[user]))
    assert sequences.items.max() > 5


def test_rules_drop_and_count(tmp_path, make):
    rows = [("a", "x", 0, 0), ("a", "x", 0, 1), ("a", "x", 5, 2), ("a", "y", 6, 3), ("a", "x", 7, 4)]
    rows += [("bot", f"z{n}", 0, 10 + n) for n in range(4)]
    rows += [("long", item, 100 * n, 20 + n) for n, item in enumerate("xyxyxy")]
    dataset = make(
        write_log(tmp_path / "log.csv", rows),
        drop_repeats=True,
        bots={"events": 3, "seconds": 10},
        max_user_events=5,
    )
    assert histories(dataset) == {"a": ["x", "y", "x"], "long": ["y", "x", "y", "x", "y"]}
    assert dataset.counts["dropped"] == {"bot": 4, "duplicate": 1, "over_max_user_events": 1, "repeat": 1}


def test_event_types_filter_weigh_and_tell_events_apart(tmp_path, make):
    header = "user_id,item_id,timestamp,event_id,kind,dwell"
    rows = [
        ("u", "a", 1, 1, "click", 30),
        ("u", "a", 1, 2, "buy", ""),  # differs from the one before in its type only
        ("u", "b", 2, 3, "click", 5),  # too short
        ("u", "c", 3, 4, "view", 90),  # not a type that counts
        ("u", "d", 4, 5, "click", ""),  # no dwell time at all
        ("u", "e", 5, 6, "click", 10),
    ]
    types = {"click": {"at_least": {"dwell": 10}}, "buy": {"weight": 3}}
    columns = {"event_id": "event_id", "event_type": "kind"}
    dataset = make(write_log(tmp_path / "log.csv", rows, header), data={"columns": columns, "event_types": types})
    assert histories(dataset) == {"u": ["a", "a", "e"]}
    assert dataset.sequences.weights is not None
    assert dataset.sequences.weights.tolist() == [1.0, 3.0, 1.0]
    assert dataset.counts["dropped"] == {"below_bound": 2, "duplicate": 0, "event_type": 1, "repeat": 0}
    assert dataset.policy.event_types == ("buy", "click")


def test_a_type_that_never_occurs_is_told(tmp_path, make, capsys):
    rows = [("u", item, n, n, "view") for n, item in enumerate("abcd")]
    log = write_log(tmp_path / "log.csv", rows, HEADER + ",kind")
    columns = {"event_id": "event_id", "event_type": "kind"}
    make(log, data={"columns": columns, "event_types": {"view": {}, "byu": {}}})
    assert "the log has no event of type byu" in capsys.readouterr().err


def test_parquet_columns_of_other_types(tmp_path, make):
    moments = pa.array([0, 1_500, 2_000], pa.timestamp("ms"))
    table = pa.table({"user_id": pa.array([7, 7, 7]), "item_id": pa.array(["a", "b", "c"]), "timestamp": moments})
    pq.write_table(table, tmp_path / "log.parquet")
    dataset = make(tmp_path / "log.parquet", data={"columns": {}, "timestamp_unit": "iso8601"})
    assert histories(dataset) == {"7": ["a", "b", "c"]}
    assert dataset.sequences.timestamps.tolist() == [0, 1_500, 2_000]


def test_moments_out_of_the_calendar_and_other_integers(tmp_path, make):
    """A moment beyond the year 9999, a time of day, and a dictionary with unsigned places."""
    moments = pa.array([*range(1000, 1_000_000, 1000), 2**60], pa.timestamp("ms"))
    items = pa.DictionaryArray.from_arrays(pa.array([n % 3 for n in range(1000)], pa.uint8()), ["a", "b", "c"])
    table = pa.table({"user_id": ["u"] * 1000, "item_id": items, "timestamp": moments})
    pq.write_table(table, tmp_path / "log.parquet")
    dataset = make(tmp_path / "log.parquet", data={"columns": {}, "timestamp_unit": "iso8601"})
    assert dataset.counts["rejected"] == {"bad timestamp": 1}
    assert dataset.sequences.timestamps.max() == 999_000
    noon = pa.table({"user_id": ["u"], "item_id": ["a"], "timestamp": pa.array([1], pa.time64("us"))})
    pq.write_table(noon, tmp_path / "noon.parquet")
    with pytest.raises(DataError, match="1 bad timestamp"):
        make(tmp_path / "noon.parquet", data={"columns": {}, "timestamp_unit": "iso8601"})


@pytest.mark.slow
def test_movielens_1m(make):
    """Every user's order equals (timestamp, event_id); needs the log in the folder MOVIELENS_1M."""
    if "MOVIELENS_1M" not in os.environ:
        pytest.skip("the environment variable MOVIELENS_1M does not name a folder with MovieLens-1M's events.csv.gz")
    path = Path(os.environ["MOVIELENS_1M"]) / "events.csv.gz"
    dataset = make(path, k_core=5)
    counts = dataset.counts
    assert (counts["events"], counts["users"], counts["items"], counts["rejected"]) == (999_611, 6_040, 3_416, {})
    log = pd.read_csv(path, dtype={"user_id": str, "item_id": str}).sort_values(["user_id", "timestamp", "event_id"])
    assert histories(dataset) == log.groupby("user_id")["item_id"].agg(list).to_dict()
