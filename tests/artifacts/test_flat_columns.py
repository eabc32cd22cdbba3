"""Shards read end to end, against the rows as Python has them."""

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from recsys.artifacts.flat_columns import OFFSETS, read_flat

ROWS = st.lists(st.tuples(st.text("aé", max_size=3), st.lists(st.integers(1, 9), max_size=4)), max_size=6)


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_all_rows_in_their_order(shards: list[list[tuple[str, list[int]]]]) -> None:
    with TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.parquet" for number in range(len(shards))]
        for file, rows in zip(files, shards, strict=True):
            columns = {
                "user_id": pa.array([user for user, _ in rows], pa.string()),
                "items": pa.array([items for _, items in rows], pa.list_(pa.int32())),
                "values": pa.array([[item / 2 for item in items] for _, items in rows], pa.list_(pa.float32())),
                "train_end": pa.array([len(items) for _, items in rows], pa.int32()),
            }
            pq.write_table(pa.table(columns), file, row_group_size=2)
        found = read_flat(files)
    rows = list(itertools.chain(*shards))
    flat = [item for _, items in rows for item in items]
    assert found["user_id"].tolist() == [user for user, _ in rows]
    assert found["items"].tolist() == flat
    assert found["values"].tolist() == [item / 2 for item in flat]
    assert found["train_end"].tolist() == [len(items) for _, items in rows]
    assert found[OFFSETS].tolist() == [0, *itertools.accumulate(len(items) for _, items in rows)]
    assert (found["items"].dtype, found["values"].dtype) == (np.int32, np.float32)
