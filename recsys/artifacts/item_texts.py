"""Columns of the item table as text, an item at a time: what bundles carry, rules read and `score --match` looks at."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

import numpy as np
import pandas as pd

from recsys.artifacts.dataset import Dataset
from recsys.bundle.policy import SEPARATOR


def item_texts(dataset: Dataset, column: str) -> list[str]:
    """A column of ``Dataset.items`` as text, "" where an item has nothing; its values are joined by ``SEPARATOR``.

    What stands between an item's values in the table is what ``data.items.features`` says of the column; a list has
    its own. What one item has changes no other's text.
    """
    recorded = (dataset.manifest.inputs.data.get("items") or {}).get("features") or {}
    feature = recorded.get(column, {})
    between = feature.get("separator") if feature.get("kind") == "category" else None
    texts = [as_text(value) for value in dataset.items[column]]
    return texts if between is None else [SEPARATOR.join(values_of(text, between)) for text in texts]


def values_of(text: str, separator: str = SEPARATOR) -> list[str]:
    """The values in an item's text.

    >>> values_of("Drama | War||")
    ['Drama', 'War']
    """
    return [value for value in map(str.strip, text.split(separator)) if value]


def as_text(value: Any) -> str:
    """One cell as text: whole numbers without a point, days without an hour.

    >>> [as_text(one) for one in (5.0, 4.5, True, None, float("nan"), pd.Timestamp("1995-06-01"), ["Drama", "War"])]
    ['5', '4.5', 'true', '', '', '1995-06-01', 'Drama|War']
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):  # as some writers of Parquet have texts
        return value.decode(errors="replace")
    if isinstance(value, Sequence | np.ndarray):
        return SEPARATOR.join(filter(None, map(as_text, value)))
    if pd.isna(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time() and value.tzinfo is None:
        return value.date().isoformat()
    return str(value)
