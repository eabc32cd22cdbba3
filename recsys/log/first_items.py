"""The items at the beginning of a log, looked at before all of it is read."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.data import DataConfig
from recsys.core.schema import ITEM
from recsys.log.blocks import LogBlock
from recsys.log.columns import source_columns
from recsys.log.formats import read_block
from recsys.log.validation import validate

LOOKED_AT = 4 << 20  # bytes of text


def first_items(block: LogBlock, data: DataConfig) -> pa.Array:
    """The distinct items of a log's first events, strings."""
    raw = read_block(_beginning(block), source_columns(data), frozenset())
    events, _ = validate(raw, data.timestamp_unit, block.origin, data.null_values)
    return pc.unique(events.column(ITEM).cast(pa.string()))


def _beginning(block: LogBlock) -> LogBlock:
    if block.format == "parquet" or block.end - block.start <= LOOKED_AT:
        return block
    with Path(block.path).open("rb") as file:
        file.seek(block.start)
        data = file.read(LOOKED_AT)
    size = data.rfind(b"\n") + 1
    return replace(block, end=block.start + size, rows=data.count(b"\n")) if size else block
