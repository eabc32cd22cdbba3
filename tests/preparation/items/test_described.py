"""Features of described items, fitted night after night."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.config.data import NULL_VALUES, ItemTableConfig
from recsys.core.schema import COUNT, EXTERNAL_ID, ITEM
from recsys.features.encoded import EncodedFeature
from recsys.features.encoders import read_encoded
from recsys.preparation.items.described import fit_features
from recsys.preparation.items.table import read_items

KNOWN = {"price": [1.0, 2.0, 3.0], "name": ["red shoe", "blue shoe", "hat"], "image": [[3.0, 4.0], [0.0, 1.0], None]}
KINDS = {"price": "number", "name": "text", "image": "vector"}


def night(folder: Path, columns: dict[str, Any], before: Path | None = None) -> dict[str, EncodedFeature]:
    """The features of three items that train, as the table at night ``folder`` describes them."""
    folder.mkdir()
    path = folder / "items.parquet"
    pq.write_table(pa.table({"item_id": ["a", "b", "c"], **columns}), path)
    source = ItemTableConfig(path=path, features=KINDS)
    vocabulary = pa.table({ITEM: pa.array([1, 2, 3], pa.int32()), EXTERNAL_ID: ["a", "b", "c"], COUNT: [3, 2, 1]})
    fit_features(vocabulary, read_items(source, NULL_VALUES), source, folder / "features", before)
    return {one.name: one for one in read_encoded(folder / "features")}


@pytest.mark.parametrize("typed", [True, False], ids=["of a type", "of Parquet's null"])
def test_a_table_that_was_empty_last_night_is_read_tonight(tmp_path: Path, typed: bool) -> None:
    types = {name: pa.array(values).type if typed else pa.null() for name, values in KNOWN.items()}
    first = night(tmp_path / "1", {name: pa.nulls(3, one) for name, one in types.items()})
    assert not any(first[name].rows.any() for name in ("name", "image"))
    second = night(tmp_path / "2", KNOWN, tmp_path / "1" / "features")
    assert len({*second["price"].rows.ravel().tolist()}) == 3
    assert second["name"].rows.any(1).all()
    np.testing.assert_allclose(second["image"].rows, [[0.6, 0.8], [0.0, 1.0], [0.0, 0.0]], rtol=1e-6)
    third = night(tmp_path / "3", {name: pa.nulls(3, one) for name, one in types.items()}, tmp_path / "2" / "features")
    assert third["image"].rows.tolist() == [[0.0, 0.0]] * 3, "as wide as what models have learned of"
