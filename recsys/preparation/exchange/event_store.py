"""The valid events that a dataset keeps beside its sequences, so that a later log can extend it.

Events below the core lie here too, until the day they pass it. They are kept as validated, before any cleaning
that a later event might change.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.core.publishing import appearing
from recsys.core.schema import EVENT_TYPE, ITEM, USER
from recsys.log.blocks import LogBlock
from recsys.log.formats.parquet import read_parquet
from recsys.preparation.exchange.shuffle_read import Columns


def store_events(users: pa.Array, events: Columns, names: pa.ChunkedArray, path: Path) -> None:
    """Write a gathered bucket with its own names; event types stay hashes.

    Args:
        names: external ids by the codes that ``events`` has, in the order of the catalog's.
    """
    order = np.lexsort([*(events[name] for name in sorted(events, reverse=True) if name != USER), events[USER]])
    columns = {name: pa.array(values[order]) for name, values in events.items()}
    columns[USER] = pa.DictionaryArray.from_arrays(pa.array(events[USER][order]), users)
    used, places = np.unique(events[ITEM][order], return_inverse=True)
    words = names.take(pa.array(used)).combine_chunks()
    columns[ITEM] = pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), words)
    with appearing(path) as aside:
        pq.write_table(pa.table(columns), aside, compression="zstd")


def read_stored(block: LogBlock) -> pa.Table:
    """The events of a block of an earlier dataset, as ``validate`` gives them (event types as hashes)."""
    table = read_parquet(block, {name: name for name in block.columns}).table
    for name in (USER, ITEM):
        column = table.column(name)
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        table = table.set_column(table.column_names.index(name), name, column.combine_chunks())
    assert EVENT_TYPE not in table.column_names or table.schema.field(EVENT_TYPE).type == pa.uint64()
    return table
