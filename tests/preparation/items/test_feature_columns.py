"""Columns of an item table that a model reads: what they may hold, and what is told of other things."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from recsys.config.data import NULL_VALUES, FeatureConfig, ItemTableConfig
from recsys.core.errors import DataError
from recsys.preparation.items.feature_columns import MOST_BYTES, MOST_VALUES, FeatureColumns
from recsys.preparation.items.table import ItemTable, read_items


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
        ("category", pa.array(["a|b", None, "c"], pa.string_view()), [["a", "b"], [], ["c"]]),
        ("category", pa.array([["a", "b"], None, ["c"]], pa.list_(pa.string_view())), [["a", "b"], [], ["c"]]),
        ("category", pa.array([["a", "b"], None, ["c"]], pa.list_view(pa.string_view())), [["a", "b"], [], ["c"]]),
        ("category", pa.array([["a", "b"], None, ["c"]], pa.large_list(pa.string())), [["a", "b"], [], ["c"]]),
        ("category", pa.array([b"0123456789abcdef", None], pa.uuid()), [["30313233-3435-3637-3839-616263646566"], []]),
        ("number", [1, None, 3], [1, np.nan, 3]),
        ("number", ["1", "", "3e2"], [1, np.nan, 300]),
        ("number", pa.array([1, 2, None], pa.decimal128(5, 0)), [1, 2, np.nan]),
        ("number", [2**62 + 1, None, -(2**53) - 1], [2**62, np.nan, -(2**53)]),
        ("vector", [[1, 2], None, [3, 4]], [[1, 2], [0, 0], [3, 4]]),
        ("vector", pa.array([[1, 2], [5, 6], [3, 4]], pa.list_(pa.float32(), 2)), [[1, 2], [5, 6], [3, 4]]),
        ("vector", pa.array([[1, 2], None, [3, 4]], pa.list_view(pa.float64())), [[1, 2], [0, 0], [3, 4]]),
        ("vector", [[2**25 + 1, 3], None, [2**62, -1]], [[2**25, 3], [0, 0], [2**62, -1]]),
        ("vector", pa.array([[2**63 + 1, 3], None, []], pa.list_(pa.uint64())), [[2**63, 3], [0, 0], [0, 0]]),
        ("vector", [[], None, []], np.zeros((3, 0))),
    ],
)
def test_columns_of_parquet(tmp_path: Path, kind: str, column: Any, expected: list[Any]) -> None:
    found = of_parquet(tmp_path, column, kind)
    if kind == "category":
        assert found.to_pylist() == expected
    else:
        np.testing.assert_array_equal(found, np.array(expected, np.float64))


LISTS = [["a", "b"], None, ["c", "d"]]
UNDER_NULL = pa.ListArray.from_arrays(
    pa.array([0, 2, 4, 6], pa.int32()), pa.array([*"abxycd"]), mask=pa.array([False, True, False])
)


@pytest.mark.parametrize("lists", [pa.array(LISTS, pa.list_(pa.string(), 2)), UNDER_NULL], ids=["fixed", "any length"])
def test_what_lies_under_a_null_row_is_nobodys(tmp_path: Path, lists: pa.Array) -> None:
    assert lists.to_pylist() == LISTS
    columns = FeatureColumns(tmp_path / "items.parquet", NULL_VALUES)
    read = columns.read("it", lists, FeatureConfig(kind="category"))
    assert read.to_pylist() == [["a", "b"], [], ["c", "d"]]
    columns.refuse_files("it", lists)
    long = pc.replace_substring(lists.flatten(), "d", "d" * (MOST_BYTES + 1))
    with pytest.raises(DataError, match="row 3, column 'it': found 100,001 bytes of text"):
        columns.refuse_files(
            "it", pa.FixedSizeListArray.from_arrays(pa.concat_arrays([long[:2], long]), 2, mask=lists.is_null())
        )


def fails_to_read(folder: Path, column: pa.Array) -> bool:
    pq.write_table(pa.table({"it": column}), folder / "one.parquet")
    try:
        pq.read_table(folder / "one.parquet")
    except pa.ArrowInvalid:
        return True
    return False


def test_fixed_lists_of_which_one_is_missing_are_read_or_told_of(tmp_path: Path) -> None:
    """Arrow writes them, and releases up to 25 at least cannot read what they wrote."""
    fixed = pa.array(LISTS, pa.list_(pa.string(), 2))
    told = r"items\.parquet: column 'it' cannot be read .*; write it as lists of any length"
    with pytest.raises(DataError, match=told) if fails_to_read(tmp_path, fixed) else nullcontext():
        assert of_parquet(tmp_path, fixed, "category").to_pylist() == [["a", "b"], [], ["c", "d"]]


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
