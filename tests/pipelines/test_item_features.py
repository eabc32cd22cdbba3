"""Datasets with items' features: who gets a place in the vocabulary, and what is refused before the log is read."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.prepare import Request, resolve
from recsys.artifacts.dataset import Dataset
from recsys.config.data import DataConfig
from recsys.core.errors import ConfigError, DataError
from recsys.log.sources import FetchedLog
from tests.pipelines.conftest import histories, random_rows, same, write_log

# Four users meet a and b every day; c and d come on the third day, which tests; e is met once, which is too little.
ROWS = [
    (f"u{user}", item, 86_400 * day + user * 10 + place, 100 * day + user * 10 + place)
    for day, items in enumerate(["ab", "ba", "acd"])
    for user in range(4)
    for place, item in enumerate(items)
] + [("u0", "e", 5, 5)]
TEMPORAL = {"split": "temporal", "validation_from": "1970-01-02", "test_from": "1970-01-03", "k_core": 2}


def table(path: Path, ids: str = "bcefa", **features: Any) -> dict[str, Any]:
    lines = [f"{item},kind {'vowel' if item in 'ae' else 'other'},{ord(item)}" for item in ids]
    path.write_text("\n".join(["item_id,kind,number", *lines]) + "\n")
    return {"items": {"path": str(path), "features": features or {"kind": "category", "number": "number"}}}


def test_items_that_the_table_lacks_are_told(tmp_path: Path, make: Any, capsys: pytest.CaptureFixture[str]) -> None:
    log = write_log(tmp_path / "log.csv", ROWS)
    make(log, data=table(tmp_path / "items.csv", "bcef"), **TEMPORAL)
    assert "items.csv: lacks 1 items of the log, such as 'a'; only their events are known" in capsys.readouterr().err


def test_items_of_the_table_are_places_in_the_vocabulary(tmp_path: Path, make: Any) -> None:
    log = write_log(tmp_path / "log.csv", ROWS)
    dataset: Dataset = make(log, data=table(tmp_path / "items.csv"), **TEMPORAL)
    # a and b train, four times each; c, e and f are in the table alone, by their names; d is in neither.
    assert dataset.items["external_id"].tolist() == ["a", "b", "c", "e", "f"]
    assert dataset.items["count"].tolist() == [4, 4, 0, 0, 0]
    assert dataset.counts["items"] == 2
    assert dataset.counts["described_items"] == 3
    assert histories(dataset)["u0"] == ["a", "b", "b", "a", "a", "c"], "d is known to nobody, e is too rare to train"
    assert dataset.counts["dropped"]["cold_item"] == 4
    assert dataset.counts["cold"] == {"items": 1, "users": 0}
    kind, number = dataset.features
    assert (kind.name, kind.values, kind.rows.ravel().tolist()) == ("kind", 2, [0, 2, 1, 1, 2, 1])
    assert number.rows.shape == (6, 1)
    assert dataset.items["number"].tolist() == [str(ord(item)) for item in "abcef"]


def test_without_features_the_table_gives_nobody_a_place(tmp_path: Path, make: Any) -> None:
    data = table(tmp_path / "items.csv")
    del data["items"]["features"]
    dataset = make(write_log(tmp_path / "log.csv", ROWS), data=data, **TEMPORAL)
    assert dataset.items["external_id"].tolist() == ["a", "b"]
    assert dataset.features == []
    assert dataset.features_dir is None
    assert not [name for name in dataset.manifest.files if name.startswith("features")]


def test_the_same_table_makes_the_same_dataset_in_any_order(tmp_path: Path, make: Any) -> None:
    features = {"kind": "category", "number": "number", "name": "text", "image": "vector"}
    rows = {f"i{n}": (["x", "y"][: n % 3], float(n), f"name {n} of {n % 4}", [n, 1.0]) for n in range(30)}
    logged = random_rows(3)
    logged[7] = ("u", "", 1, 7)
    log = write_log(tmp_path / "log.csv", logged)
    made = []
    for work, ids in (("a", list(rows)), ("b", list(rows)[::-1])):
        columns = zip(*(rows[item] for item in ids), strict=True)
        file = tmp_path / f"{work}.parquet"
        pq.write_table(pa.table({"item_id": ids, **dict(zip(features, map(list, columns), strict=True))}), file)
        made.append(make(log, data={"items": {"path": str(file), "features": features}}, work=tmp_path / work))
    same(*made)


def test_ids_of_items_and_of_categories_stay_when_a_night_is_added(tmp_path: Path, make: Any) -> None:
    first = make(
        write_log(tmp_path / "1.csv", ROWS[:16]), data=table(tmp_path / "1.items.csv", "abc"), keep_events=True
    )
    assert first.items["external_id"].tolist() == ["a", "b", "c"]
    later = [("u9", item, 10**7 + place, 10**4 + place) for place, item in enumerate("zczc")]
    data = table(tmp_path / "2.items.csv", "fazcb")
    second = make(write_log(tmp_path / "2.csv", later), data=data, request=Request(extends=first), keep_events=True)
    # z has events, so it comes before f, which the table alone knows.
    assert second.items["external_id"].tolist() == ["a", "b", "c", "z", "f"]
    assert second.items["count"].tolist()[2:] == [2, 2, 0]
    np.testing.assert_array_equal(second.features[0].rows[:4], first.features[0].rows)
    np.testing.assert_array_equal(second.features[1].rows[:4], first.features[1].rows)


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ([[1.0, 2.0], [1.0]], r"row 2, column 'it': found a vector of 1 numbers"),
        ([[1.0, 2.0], [1.0, float("nan")]], r"row 2, column 'it': found a vector with NaN"),
        (["a", "b"], r"column 'it' holds string, expected a list of numbers"),
    ],
)
def test_a_bad_table_is_told_before_the_log_is_read(tmp_path: Path, make: Any, column: list[Any], told: str) -> None:
    pq.write_table(pa.table({"item_id": ["a", "b"], "it": column}), tmp_path / "items.parquet")
    log = write_log(tmp_path / "log.csv", [*ROWS, ("u0", "a", "no time", 1)])  # which is refused when it is read
    with pytest.raises(DataError, match=rf"items\.parquet: {told}"):
        make(log, data={"items": {"path": str(tmp_path / "items.parquet"), "features": {"it": "vector"}}})
    assert not list((tmp_path / "work" / "datasets").glob("*"))


def test_features_and_shared_buckets_are_two_answers_to_one_question(tmp_path: Path, make: Any) -> None:
    log = write_log(tmp_path / "log.csv", ROWS)
    with pytest.raises(ConfigError, match=r"prepare\.oov_buckets has them share"):
        make(log, data=table(tmp_path / "items.csv"), oov_buckets=4)


def test_a_data_set_by_name_brings_the_columns_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = write_log(tmp_path / "events.csv", ROWS)
    described = table(tmp_path / "items.csv")["items"]
    named = described["features"]
    fetched = FetchedLog("movielens-100k", log, tmp_path / "items.csv", "a test")
    monkeypatch.setattr("recsys.log.sources.fetch", lambda name, folder: fetched)
    data = resolve(DataConfig.model_validate({"name": "movielens-100k", "items": {"features": named}}), tmp_path)
    assert data.items is not None
    assert (data.items.path, data.items.title, list(data.items.features)) == (fetched.items, "title", sorted(named))
