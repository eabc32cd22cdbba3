"""Whether what an item table says still is what it was."""

from typing import Any

import numpy as np
import pandas as pd

from recsys.core.schema import COUNT, EXTERNAL_ID, ITEM

OWN = [ITEM, EXTERNAL_ID, COUNT]
LEAST = 0.1  # share of items, below which more or fewer that lack a value are no matter


def find_item_drift(new: pd.DataFrame, old: pd.DataFrame, bound: float) -> list[str]:
    """Columns of ``Dataset.items`` that are gone, hold something else, or lack more values, in words.

    Args:
        bound: how many more items may lack a value, as a share of those that lacked it, or of ``LEAST``.
    """
    found = []
    for name in map(str, old.columns.difference(OWN)):
        if name not in new.columns:
            found.append(f"item table: column {name!r} is gone")
            continue
        before, now = _kind(old[name]), _kind(new[name])
        if before and now and before != now:
            found.append(f"item table: column {name!r} held {before}, now it holds {now}")
        missing, more = (float(one[name].isna().mean()) if len(one) else 0.0 for one in (old, new))
        if more > missing + bound * max(missing, LEAST):
            found.append(f"item table: {missing:.0%} of the items had no {name!r}, now {more:.0%} have none")
    return found


def _kind(column: "pd.Series[Any]") -> str | None:
    """What a column holds, in words; None where that is nothing."""
    known = column.dropna()
    if known.empty:
        return None
    if pd.api.types.is_bool_dtype(known) or isinstance(known.iloc[0], bool):
        return "yes or no"
    if pd.api.types.is_numeric_dtype(known):
        return "numbers"
    if pd.api.types.is_datetime64_any_dtype(known):
        return "moments"
    return "lists" if isinstance(known.iloc[0], list | np.ndarray) else "text"
