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
