"""Columns of an item table that a model reads: what they may hold, and what is told of other things."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.config.data import NULL_VALUES, ItemTableConfig
from recsys.core.errors import DataError
from recsys.preparation.feature_columns import MOST_BYTES, MOST_VALUES
from recsys.preparation.item_table import ItemTable, read_items


def of_csv(folder: Path, text: str, **features: Any) -> ItemTable:
    (folder / "items.csv").write_text(text)
    return read_items(ItemTableConfig(path=folder / "items.csv", features=features), NULL_VALUES)


def of_parquet(folder: Path, column: Any, kind: str) -> Any:
    ids = [f"i{number}" for number in range(len(column))]
    pq.write_table(pa.table({"item_id": ids, "it": column}), folder / "items.parquet")
    source = ItemTableConfig(path=folder / "items.parquet", features={"it": kind})
    return read_items(source, NULL_VALUES).features["it"]


def test_columns_of_a_csv(tmp_path: Path) -> None:
    text = (
        "item_id,genres,tags,code,price,name\na,War|Drama| ,x;y,007,1.5,Alien\nb,,z,7,NA,NA\n,lost,,,,\nc,War,,7.0,2,\n"
    )
    kinds = {"genres": "category", "tags": {"kind": "category", "separator": ";"}, "code": "category"}
    found = of_csv(tmp_path, text, **kinds, price="number", name="text")
    assert found.keys.to_pylist() == ["a", "b", "c"]
    assert found.features["genres"].to_pylist() == [["War", "Drama"], [], ["War"]]
    assert found.features["tags"].to_pylist() == [["x", "y"], ["z"], []]
    assert found.features["code"].to_pylist() == [["007"], ["7"], ["7"]], "7.0 is 7, as ids are; 007 is another"
    np.testing.assert_array_equal(found.features["price"], [1.5, np.nan, 2])
    assert found.features["name"].to_pylist() == ["Alien", None, None]
    rows = found.take(pa.array([2, None, 0]))
    assert rows["genres"].to_pylist() == [["War"], None, ["War", "Drama"]]
    np.testing.assert_array_equal(rows["price"], [2, np.nan, 1.5])


@pytest.mark.parametrize(
    ("kind", "column", "expected"),
    [
        ("category", [["a", "b"], None, []], [["a", "b"], [], []]),
        ("category", [[1, 2], [2], [None]], [["1", "2"], ["2"], []]),
        ("category", [1.0, None, 2.5], [["1"], [], ["2.5"]]),
        ("category", [True, False, None], [["true"], ["false"], []]),
        ("category", pa.array(["a|b", "c", "a|b"]).dictionary_encode(), [["a", "b"], ["c"], ["a", "b"]]),
        ("category", pa.nulls(3), [[], [], []]),
        ("number", [1, None, 3], [1, np.nan, 3]),
        ("number", ["1", "", "3e2"], [1, np.nan, 300]),
        ("number", pa.array([1, 2, None], pa.decimal128(5, 0)), [1, 2, np.nan]),
        ("vector", [[1, 2], None, [3, 4]], [[1, 2], [0, 0], [3, 4]]),
        ("vector", pa.array([[1, 2], [5, 6], [3, 4]], pa.list_(pa.float32(), 2)), [[1, 2], [5, 6], [3, 4]]),
    ],
)
def test_columns_of_parquet(tmp_path: Path, kind: str, column: Any, expected: list[Any]) -> None:
    found = of_parquet(tmp_path, column, kind)
    if kind == "category":
        assert found.to_pylist() == expected
    else:
        np.testing.assert_array_equal(found, np.array(expected, np.float64))


@pytest.mark.parametrize(
    ("kind", "column", "told"),
    [
        ("number", ["1", "two"], "row 2, column 'it': found 'two'; expected a number, or nothing"),
        ("number", [1.0, float("inf")], "row 2, column 'it': found inf; expected a number"),
        ("number", [[1.0], [2.0]], "column 'it' holds list<.*>, expected a number an item"),
        ("text", [["a"], ["b"]], "column 'it' holds list<.*>, expected one value"),
        ("text", ["a", "x" * (MOST_BYTES + 1)], "row 2, column 'it': found 100,001 bytes of text; at most 100,000"),
        ("category", ["a", "x" * (MOST_BYTES + 1)], "row 2, column 'it': found 100,001 bytes of text; at most 100,000"),
        ("category", [["a", "b"], [], ["x" * 100_001]], "row 3, column 'it': found 100,001 bytes of text"),
        ("category", [{"a": 1}, {"a": 2}], "column 'it' holds struct<.*>, expected one value or a list"),
        ("category", [[["a"]], [["b"]]], "column 'it' holds list<.*>, expected one value or a list"),
        ("category", [[], [str(n) for n in range(MOST_VALUES + 1)]], "row 2, column 'it': found 65 values; .* 64"),
        ("category", [b"a", b"\xff"], "row 2, column 'it': found b'.xff'; expected text in UTF-8"),
        ("vector", ["[1, 2]", "[3, 4]"], "column 'it' holds string, expected a list of numbers .* Parquet"),
        ("vector", [None, [1.0, 2.0], [1.0]], "row 3, column 'it': found a vector of 1 numbers; row 2 has 2"),
        ("vector", [[1.0, 2.0], [1.0, float("nan")]], "row 2, column 'it': found a vector with NaN"),
        ("vector", [[1.0, 2.0], [1.0, None]], "row 2, column 'it': found a vector with NaN"),
        ("vector", [[0.0] * 5000], "row 1, column 'it': found a vector of 5,000 numbers; at most 4,096"),
    ],
)
def test_what_cannot_be_read_is_told_with_file_row_and_column(
    tmp_path: Path, kind: str, column: Any, told: str
) -> None:
    with pytest.raises(DataError, match=rf"items\.parquet: {told}"):
        of_parquet(tmp_path, column, kind)


def test_a_cell_as_long_as_a_file_is_told(tmp_path: Path) -> None:
    """Of a column that nothing reads, too: it would go into the dataset."""
    with pytest.raises(DataError, match=r"items\.csv: row 2, column 'name': found 5,000,000 bytes of text"):
        of_csv(tmp_path, f"item_id,name\na,short\nb,{'x' * 5_000_000}\n")


def test_a_column_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"items\.csv: column 'genre' is missing; found item_id, name"):
        of_csv(tmp_path, "item_id,name\na,b\n", genre="category")
