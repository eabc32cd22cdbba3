"""Ranks are read by split and paired by user and target."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from recsys.core.errors import DataError
from recsys.experiments.ranks import aligned, read_ranks


def test_a_split_is_read_in_the_files_order(tmp_path: Path) -> None:
    path = tmp_path / "ranks.parquet"
    rows = [("b", 2, 3.0, "test"), ("a", 1, 9.0, "validation"), ("a", 5, 1.5, "test")]
    pd.DataFrame(rows, columns=["user_id", "target", "rank", "split"]).to_parquet(path)
    assert read_ranks(path, "test").to_pylist() == [
        {"user_id": "b", "target": 2, "rank": 3.0},
        {"user_id": "a", "target": 5, "rank": 1.5},
    ]
    with pytest.raises(DataError, match="holds no ranks of the train split"):
        read_ranks(path, "train")


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more"])
def test_what_is_no_parquet_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ranks.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"ranks\.parquet: cannot be read"):
        read_ranks(path, "test")


def test_a_file_without_ranks_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ranks.parquet"
    pd.DataFrame({"user_id": ["a"], "split": ["test"]}).to_parquet(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_ranks(path, "test")


def test_tables_in_other_orders_pair_by_user_and_target() -> None:
    # b touched item 2 twice: its first rank pairs with the first, its second with the second.
    one = pa.table({"user_id": ["b", "a", "b"], "target": [2, 1, 2], "rank": [10.0, 20.0, 30.0]})
    other = pa.table({"user_id": ["a", "b", "b"], "target": [1, 2, 2], "rank": [2.0, 1.0, 3.0]})
    users, (first, second) = aligned([one, other])
    np.testing.assert_array_equal(users, [0, 1, 1])
    np.testing.assert_array_equal(first, [20.0, 10.0, 30.0])
    np.testing.assert_array_equal(second, [2.0, 1.0, 3.0])
