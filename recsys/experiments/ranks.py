"""Per-user ranks of stored runs, lined up so that runs can be paired."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys.core.errors import DataError
from recsys.core.schema import USER
from recsys.evaluation.significance import metric_values

KEY = [USER, "target"]


def read_ranks(path: Path, split: str) -> pa.Table:
    """A split's ranks: ``user_id, target, rank``, in the file's order.

    Raises:
        DataError: not the ranks of a run, or nothing in it for ``split``.
    """
    try:
        # Arrow all the way: two hundred runs are read in the time that a person waits for.
        with pq.ParquetFile(path) as file:
            table = file.read([*KEY, "rank", "split"], use_threads=False)
        table = table.filter(pc.equal(table["split"], split)).select([*KEY, "rank"])
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: cannot be read as a run's ranks ({error})") from None
    if not len(table):
        raise DataError(f"{path}: holds no ranks of the {split} split")
    return table


def aligned(tables: Sequence[pa.Table]) -> tuple[npt.NDArray[np.int32], list[npt.NDArray[np.float64]]]:
    """Whose target each is, ``[targets]`` user numbers, and each table's ranks in the same order, ``[targets]``.

    A user's targets on one item pair in the order of their tables.

    Raises:
        DataError: the tables do not hold the same users and targets.
    """
    keys = tables[0].select(KEY)
    if not all(table.select(KEY).equals(keys) for table in tables[1:]):
        tables = [table.take(pc.sort_indices(table, [(key, "ascending") for key in KEY])) for table in tables]
        keys = tables[0].select(KEY)
    for table in tables[1:]:
        if not table.select(KEY).equals(keys):
            raise DataError(
                f"cannot be paired: {len(keys)} and {len(table)} targets, not the same users and items; "
                "evaluate both on one dataset"
            )
    users = keys[USER].combine_chunks().dictionary_encode().indices.to_numpy()
    return users, [table["rank"].to_numpy().astype(np.float64) for table in tables]


def mean_values(ranks: Sequence[npt.NDArray[np.float64]], metric: str) -> npt.NDArray[np.float64]:
    """A metric's value at each target, averaged over seeds: ``[targets]``."""
    values = np.stack([metric_values(one, metric) for one in ranks])  # [seeds, targets]
    mean: npt.NDArray[np.float64] = values.mean(axis=0)
    return mean
