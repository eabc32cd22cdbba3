"""A table of relations beside a log: what is kept of it, and what is refused before the log is read."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.config import parse_config
from recsys.core.errors import ConfigError, DataError
from tests.pipelines.conftest import write_log

ROWS = [
    (f"u{user}", item, 10 * user + place, 10 * user + place) for user in range(4) for place, item in enumerate("abc")
]
ITEMS = {"path": "items.csv", "features": {"kind": "category"}}


def related(path: Path, *rows: str, header: str = "item_id,related_id,weight", **columns: Any) -> dict[str, Any]:
    path.write_text("\n".join([header, *rows]) + "\n")
    return {"relations": {"path": str(path), "weight": "weight", **columns}}


def test_relations_are_kept_by_internal_ids_and_items_without_events_have_some(
    tmp_path: Path, make: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "items.csv").write_text("item_id,kind\na,x\nb,x\nnew,x\n")
    data = related(tmp_path / "r.csv", "c,new,2", "new,a,0.5", "b,nowhere,1", "a,b,3")
    data["items"] = {**ITEMS, "path": str(tmp_path / "items.csv")}
    log = write_log(tmp_path / "log.csv", ROWS)
    dataset: Dataset = make(log, data=data, k_core=1)
    assert dataset.items["external_id"].tolist() == ["a", "b", "c", "new"]
    assert dataset.relations is not None
    assert [column.tolist() for column in dataset.relations] == [[1, 3, 4], [2, 4, 1], [3.0, 2.0, 0.5]]
    assert (dataset.counts["relations"], dataset.counts["unknown_relations"]) == (3, 1)
    assert "1 of 4 relations name an item that the dataset does not know" in capsys.readouterr().err
    # The table is part of what a dataset is named by, and where it lies is not.
    moved = {**data, "relations": {**data["relations"], "path": str(tmp_path / "moved.csv")}}
    (tmp_path / "moved.csv").write_bytes((tmp_path / "r.csv").read_bytes())
    assert make(log, data=moved, k_core=1).path == dataset.path
    assert make(log, data={"items": data["items"]}, k_core=1).relations is None


def test_without_weights_all_are_alike_and_columns_may_have_other_names(tmp_path: Path, make: Any) -> None:
    file = tmp_path / "r.parquet"
    pq.write_table(pa.table({"from": ["a", "b"], "to": ["b", "c"]}), file)
    data = {"relations": {"path": str(file), "item": "from", "related": "to"}}
    found = make(write_log(tmp_path / "log.csv", ROWS), data=data, k_core=1).relations
    assert [column.tolist() for column in found] == [[1, 2], [2, 3], [1.0, 1.0]]


TITLES = {"a": "rose soap", "b": "rose oil", "c": "green tea", "new": "rose soap refill"}


def titled(folder: Path) -> dict[str, Any]:
    rows = "".join(f"{item},{title}\n" for item, title in TITLES.items())
    (folder / "titles.csv").write_text("item_id,title\n" + rows)
    return {"path": str(folder / "titles.csv"), "title": "title", "features": {"title": "text"}}


def test_items_of_alike_texts_are_related_both_ways(tmp_path: Path, make: Any) -> None:
    data = {"items": titled(tmp_path), "relations": {"nearest": 1}}
    dataset: Dataset = make(write_log(tmp_path / "log.csv", ROWS), data=data, k_core=1)
    assert dataset.items["external_id"].tolist() == ["a", "b", "c", "new"]
    assert dataset.relations is not None
    # a and new share two words and their pair; what is nearest to b is a, with the shorter title; c is near nothing.
    assert set(zip(*(ends.tolist() for ends in dataset.relations[:2]), strict=True)) == {(1, 4), (4, 1), (1, 2), (2, 1)}
    assert dataset.counts["text_relations"] == 4


def test_a_table_and_texts_have_half_each_where_both_relate_an_item(tmp_path: Path, make: Any) -> None:
    data = related(tmp_path / "r.csv", "a,c,30", "a,new,10", "c,a,7", nearest=1)
    data["items"] = titled(tmp_path)
    log = write_log(tmp_path / "log.csv", ROWS)
    found = make(log, data=data, k_core=1).relations
    texts = make(log, data={**data, "relations": {"nearest": 1}}, k_core=1).relations
    shares = dict(zip(zip(*(ends.tolist() for ends in found[:2]), strict=True), found.weight, strict=True))
    alike = dict(zip(zip(*(ends.tolist() for ends in texts[:2]), strict=True), texts.weight, strict=True))
    total = alike[1, 2] + alike[1, 4]
    assert shares[1, 3] == pytest.approx(0.75)
    assert shares[1, 4] == pytest.approx(0.25 + alike[1, 4] / total)
    assert shares[1, 2] == pytest.approx(alike[1, 2] / total)
    assert (shares[3, 1], shares[4, 1], shares[2, 1]) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"relations": {}}, "give path, a table of relations, or nearest, which finds them by texts"),
        ({"relations": {"nearest": 5}}, "name one in items.features, as title: text"),
        ({"relations": {"nearest": 5}, "items": ITEMS}, "name one in items.features, as title: text"),
    ],
)
def test_relations_need_something_to_relate_by(data: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_config({"data": {"path": "log.csv", **data}})


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["a,b,1", "c,c,1"], r"row 2, relates item 'c' to itself"),
        (["a,b,1", "a,c,1", "a,b,2"], r"'a' is related to 'b' in more than one row, such as rows 1 and 3"),
        (["a,b,1", "b,a,-0.5"], r"row 2, column 'weight': found '-0.5'; a weight is above 0"),
        (["a,b,1", "b,a,nan"], r"row 2, column 'weight': found 'nan'; a weight is above 0"),
        (["a,b,1", "b,a,"], r"row 2, column 'weight': found None; a weight is above 0"),
        (["a,b,much"], r"row 1, column 'weight': found 'much'; expected a number"),
        (["a,b,1", "b,,1"], r"row 2, column 'related_id': found no id"),
    ],
)
def test_a_bad_row_is_told_before_the_log_is_read(tmp_path: Path, make: Any, rows: list[str], told: str) -> None:
    log = write_log(tmp_path / "log.csv", [*ROWS, ("u0", "a", "no time", 1)])  # which is refused when it is read
    with pytest.raises(DataError, match=rf"r\.csv: {told}"):
        make(log, data=related(tmp_path / "r.csv", *rows))
    assert not list((tmp_path / "work" / "datasets").glob("*"))


def test_a_table_that_is_missing_lacks_a_column_or_knows_nobody_is_told(
    tmp_path: Path, make: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    log = write_log(tmp_path / "log.csv", ROWS)
    data = related(tmp_path / "r.csv", "a,b", header="item_id,related_id")
    with pytest.raises(DataError, match=r"r\.csv: column 'weight' is missing; found item_id, related_id"):
        make(log, data=data)
    (tmp_path / "r.csv").unlink()
    with pytest.raises(DataError, match=r"r\.csv: no such table; data\.relations\.path names it"):
        make(log, data=data)
    with pytest.raises(DataError, match=r"none of its 1 relations is between two items of the dataset"):
        make(log, data=related(tmp_path / "r.csv", "x,y,1"), k_core=1)
    assert "relates none of the items in the first rows" in capsys.readouterr().err


def test_one_column_cannot_be_two() -> None:
    with pytest.raises(ConfigError, match=r"item, related and weight are columns of their own; found sku, sku"):
        parse_config({"data": {"path": "log.csv", "relations": {"path": "r.csv", "item": "sku", "related": "sku"}}})
