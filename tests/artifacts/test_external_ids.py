"""The items' own ids as one column, however many pieces pandas holds them in."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.artifacts.dataset import ITEMS_FILE
from tests.tiny_dataset import write_dataset


def test_a_large_catalog_that_is_read_in_chunks_is_one_column(tmp_path: Path) -> None:
    names = [f"film é{number}" for number in range(9)]
    dataset = write_dataset(tmp_path, [[1, 2, 3, 4]], names, [1] * 9, {"users": 1, "items": 9, "events": 4}, {})
    pq.write_table(pq.read_table(tmp_path / ITEMS_FILE), tmp_path / ITEMS_FILE, row_group_size=4)
    assert isinstance(pa.array(pd.read_parquet(tmp_path / ITEMS_FILE)["external_id"]), pa.ChunkedArray)
    found = dataset.external_ids
    assert isinstance(found, pa.StringArray)
    assert found.to_pylist() == names
