"""The columns of a dataset's shards end to end, in memory of their own."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.core.schema import ITEMS

OFFSETS = "offsets"


def read_flat(shards: list[Path]) -> dict[str, npt.NDArray[Any]]:
    """Every column of some shards, which have the same, one after the other; columns of lists without their bounds.

    The arrays are filled shard by shard, so that no more than one is held twice.

    Returns:
        the columns by name, and ``offsets [rows + 1] int64``: row ``i`` owns ``[offsets[i], offsets[i + 1])`` of each
        column of lists.
    """
    about = [pq.read_metadata(shard) for shard in shards]
    rows, cells = sum(one.num_rows for one in about), sum(map(_cells, about))
    offsets, whole, first = np.zeros(rows + 1, np.int64), dict[str, npt.NDArray[Any]](), 0
    schema = pq.read_schema(shards[0])
    are_lists = {name for name in schema.names if pa.types.is_list(schema.field(name).type)}
    for shard in shards:
        table = pq.read_table(shard)
        last = first + len(table)
        lengths = table.column(ITEMS).combine_chunks().value_lengths().to_numpy()
        np.cumsum(lengths, out=offsets[first + 1 : last + 1])
        offsets[first + 1 : last + 1] += offsets[first]
        for name in schema.names:
            is_list, column = name in are_lists, table.column(name).combine_chunks()
            values = (column.flatten() if is_list else column).to_numpy(zero_copy_only=False)
            where = slice(offsets[first], offsets[last]) if is_list else slice(first, last)
            whole.setdefault(name, np.empty(cells if is_list else rows, values.dtype))[where] = values
        first = last
    del table, column, values
    pa.default_memory_pool().release_unused()  # the last shard's, which Arrow else keeps for its next table
    ends = {name: offsets[-1] if name in are_lists else rows for name in whole}
    return {OFFSETS: offsets, **{name: values[: ends[name]] for name, values in whole.items()}}


def _cells(about: pq.FileMetaData) -> int:
    """The cells of a shard's lists, at most: one that is empty counts as one."""
    groups = (about.row_group(number) for number in range(about.num_row_groups))
    columns = (group.column(place) for group in groups for place in range(group.num_columns))
    return sum(column.num_values for column in columns if column.path_in_schema.startswith(f"{ITEMS}."))
