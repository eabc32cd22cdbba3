"""Tables that narrow what is shown, as they are read."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.core.errors import DataError
from recsys.scoring.filters import cut_by_users, pairs_of_shard, read_columns


def rows_of(path: Path, *names: str) -> list[tuple[str, ...]]:
    batches = list(read_columns(path, [(name, name) for name in names]))
    return [row for batch in batches for row in zip(*(column.to_pylist() for column in batch), strict=True)]


def test_a_gap_leaves_a_row_out_and_na_is_a_country(tmp_path: Path) -> None:
    table = tmp_path / "homes.csv"
    table.write_text("user_id,region,other\nu1,NA,\nu2,,x\n,north,x\nnull,south,x\n")
    assert rows_of(table, "user_id", "region") == [("u1", "NA"), ("null", "south")]


def test_whole_numbers_with_gaps_are_the_text_that_a_log_has(tmp_path: Path) -> None:
    table = tmp_path / "homes.parquet"
    columns = {"user_id": pa.array([7, 8, None], pa.float64()), "region": pa.array([12.0, None, 3.0])}
    pq.write_table(pa.table(columns), table)
    assert rows_of(table, "user_id", "region") == [("7", "12")]


def test_pairs_are_found_by_the_shard_of_their_user(tmp_path: Path) -> None:
    table, users = tmp_path / "pairs.csv", [f"u{n}" for n in range(20)]
    pairs = [(user, f"i{n % 3}") for n, user in enumerate(users)] + [("stranger", "i0")]
    table.write_text("user_id,item_id\n" + "".join(f"{user},{item}\n" for user, item in pairs))
    assert cut_by_users(table, ("user_id", "item_id"), 3, tmp_path / "cut") == 21
    known, found = pa.array(["i0", "i2"]), set()
    for shard in range(3):
        owners, places = pairs_of_shard(tmp_path / "cut", shard, pa.array(users), known)
        found |= {(users[owner], place) for owner, place in zip(owners, places, strict=True)}
    assert found == {(user, {"i0": 0, "i1": -1, "i2": 1}[item]) for user, item in pairs if user != "stranger"}


def test_what_is_no_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}")
    with pytest.raises(DataError, match="expected a table in CSV or Parquet, found JSON Lines"):
        rows_of(tmp_path / "a.jsonl", "user_id")
    (tmp_path / "a.parquet").write_text("PAR?")
    with pytest.raises(DataError, match=r"a\.parquet: cannot be read"):
        rows_of(tmp_path / "a.parquet", "user_id")
