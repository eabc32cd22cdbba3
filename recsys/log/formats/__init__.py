"""Reading a block of a log: whole columns at once, and every row that cannot be read told apart."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from recsys.log.blocks import LogBlock
from recsys.log.formats.csv import read_csv
from recsys.log.formats.jsonl import read_jsonl
from recsys.log.formats.parquet import read_parquet
from recsys.log.formats.raw import RawBlock, Reject
from recsys.log.partitions import own_columns, with_partitions

__all__ = ["RawBlock", "Reject", "read_block"]


def read_block(block: LogBlock, columns: dict[str, str], whole_numbers: frozenset[str]) -> RawBlock:
    """The rows of a block, not yet judged; columns that its file lacks are those of its folders.

    Args:
        columns: our name of each wanted column, and the log's own name for it.
        whole_numbers: our names of the columns that most likely hold integers.
    """
    if block.is_long_line:
        nothing = pa.table({name: pa.array([], pa.string()) for name in columns})
        return RawBlock(nothing, np.zeros(0, np.int64), str, [Reject("long line", block.origin, block.row, "")])
    own = own_columns(block, columns)
    if block.format == "csv":
        raw = read_csv(block, own, whole_numbers)
    else:
        raw = read_jsonl(block, own) if block.format == "jsonl" else read_parquet(block, own)
    return replace(raw, table=with_partitions(raw.table, block, columns)) if block.partitions else raw
