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
    """A split's ranks: ``user_id, target, occurrence, rank``, by key.

    ``occurrence`` tells apart a user's targets on one item.

    Raises:
        DataError: not the ranks of a run, or nothing in it for ``split``.
    """
    try:
        table = pd.read_parquet(path, columns=[USER, "target", "rank", "split"])
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: cannot be read as a run's ranks ({error})") from None
    table = table[table["split"] == split]
    if table.empty:
        raise DataError(f"{path}: holds no ranks of the {split} split")
    table["occurrence"] = table.groupby([USER, "target"], sort=False).cumcount()
    return table[[*KEY, "rank"]].sort_values(KEY, ignore_index=True)


def mean_values(tables: Sequence[pd.DataFrame], metric: str) -> npt.NDArray[np.float64]:
    """A metric's value at each target, averaged over the seeds in ``tables``: ``[targets]``.

    Raises:
        DataError: the seeds were not evaluated on the same targets.
    """
    check_same_targets(tables)
    values = np.stack(
        [metric_values(table["rank"].to_numpy(np.float64), metric) for table in tables]
    )  # [seeds, targets]
    mean: npt.NDArray[np.float64] = values.mean(axis=0)
    return mean


def check_same_targets(tables: Sequence[pd.DataFrame]) -> None:
    """Raises DataError unless all tables hold the same users and targets."""
    for table in tables[1:]:
        if not table[KEY].equals(tables[0][KEY]):
            raise DataError(
                f"cannot be paired: {len(tables[0])} and {len(table)} targets, not the same users and items; "
                "evaluate both on one dataset"
            )
