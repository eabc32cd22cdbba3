"""Per-user ranks of stored runs, lined up so that runs can be paired."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.errors import DataError
from recsys.evaluation.significance import metric_values
from recsys.schema import USER

KEY = [USER, "target", "occurrence"]


def read_ranks(path: Path, split: str) -> pd.DataFrame:
    """A split's ranks: ``user_id, target, occurrence, rank``, in the file's order.

    ``occurrence`` tells apart a user's targets on one item.

    Raises:
        DataError: not the ranks of a run, or nothing in it for ``split``.
    """
    try:
        table = pd.read_parquet(path, columns=[USER, "target", "rank", "split"])
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: cannot be read as a run's ranks ({error})") from None
    table = table[table["split"] == split].reset_index(drop=True)
    if table.empty:
        raise DataError(f"{path}: holds no ranks of the {split} split")
    return table.assign(occurrence=table.groupby([USER, "target"], sort=False).cumcount())[[*KEY, "rank"]]


def aligned(tables: Sequence[pd.DataFrame]) -> list[npt.NDArray[np.float64]]:
    """The ranks of each table, ``[targets]``, all in one order of users and targets.

    Raises:
        DataError: the tables do not hold the same users and targets.
    """
    if not all(table[KEY].equals(tables[0][KEY]) for table in tables[1:]):
        tables = [table.sort_values(KEY, ignore_index=True) for table in tables]
    for table in tables[1:]:
        if not table[KEY].equals(tables[0][KEY]):
            raise DataError(
                f"cannot be paired: {len(tables[0])} and {len(table)} targets, not the same users and items; "
                "evaluate both on one dataset"
            )
    return [table["rank"].to_numpy(np.float64) for table in tables]


def mean_values(ranks: Sequence[npt.NDArray[np.float64]], metric: str) -> npt.NDArray[np.float64]:
    """A metric's value at each target, averaged over seeds: ``[targets]``."""
    values = np.stack([metric_values(one, metric) for one in ranks])  # [seeds, targets]
    mean: npt.NDArray[np.float64] = values.mean(axis=0)
    return mean
