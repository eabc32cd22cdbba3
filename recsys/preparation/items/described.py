"""Items that the item table describes, with events or without: their places in the vocabulary, and their features.

Only items of the table that have events enough make the core, and features are fitted on them. The others that the
table describes are cold: rows at the end of the vocabulary, which are ranked by what is known of them. Under a split by
time, events of items that nobody had touched before are kept, so that a test shows how well that goes.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.data import ItemTableConfig
from recsys.core.errors import DataError
from recsys.core.schema import COUNT, EXTERNAL_ID, ITEM
from recsys.features.encoders import Encoders
from recsys.preparation.items.table import ItemTable
from recsys.preparation.vocabulary_fit import COLD, KEPT


def append_described(table: pa.Table, keys: pa.Array) -> pa.Table:
    """A vocabulary, as ``number_items`` gives it, and after it the other items of a table by their ids' bytes.

    Args:
        keys: external ids of the items that the table describes.
    """
    others = keys.filter(pc.invert(pc.is_in(keys, value_set=table.column(EXTERNAL_ID).combine_chunks())))
    others = others.take(pc.array_sort_indices(others))
    numbers = np.arange(len(table) + 1, len(table) + len(others) + 1, dtype=np.int32)
    columns = {ITEM: numbers, EXTERNAL_ID: others, COUNT: np.zeros(len(others), np.int64)}
    return pa.concat_tables([table, pa.table(columns, schema=table.schema)]).combine_chunks()


def lacking_items(table: pa.Table, keys: pa.Array) -> dict[str, Any]:
    """How many items of a vocabulary, as ``number_items`` gives it, a table with ``keys`` lacks, and the first."""
    names = table.column(EXTERNAL_ID).combine_chunks()
    lacking = names.filter(pc.invert(pc.is_in(names, value_set=keys)))
    return {"count": len(lacking), "first": lacking[0].as_py() if len(lacking) else None}


def describe_lacking(source: ItemTableConfig | None, fits: list[dict[str, Any]]) -> str | None:
    """How many items of the log the item table does not have, from the results of ``fit``; None where it has all."""
    lacking = next((fit["lacking"] for fit in fits if "lacking" in fit), {"count": 0})
    if source is None or not lacking["count"]:
        return None
    found = f"lacks {lacking['count']:,} items of the log, such as {lacking['first']!r}"
    return f"{source.path}: {found}; only their events are known"


def keep_described(
    table: pa.Table, names: pa.ChunkedArray, drop_reasons: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Internal ids by catalog code, and why an item's events are dropped: not any more for coming later than training.

    Args:
        table: of ``append_described``.
        names: external ids by catalog code.
        drop_reasons: of ``fit_vocabulary``.
    """
    known = pc.index_in(names.combine_chunks(), value_set=table.column(EXTERNAL_ID).combine_chunks())
    ids = np.asarray(pc.fill_null(known, -1), np.int32) + np.int32(1)
    return ids, np.where((drop_reasons == COLD) & (ids > 0), KEPT, drop_reasons).astype(np.uint8)


def fit_features(
    table: pa.Table, items: ItemTable, source: ItemTableConfig, directory: Path, before: Path | None
) -> None:
    """Fit the encoders on the items that train, and write them with all items' features to ``directory``.

    Args:
        table: the vocabulary.
        before: the features' folder of the dataset that is extended.

    Raises:
        DataError: vectors are not as wide as they were before.
    """
    known = items.take(pc.index_in(table.column(EXTERNAL_ID).combine_chunks(), value_set=items.keys))
    kinds = {name: one.kind for name, one in source.features.items()}
    trained = table.column(COUNT).to_numpy() > 0
    encoders = Encoders.fit(known, kinds, trained, Encoders.load(before) if before is not None else None)
    try:
        encoders.save(directory, encoders.encode(known))
    except DataError as error:
        raise DataError(f"{source.path}: {error}") from None
