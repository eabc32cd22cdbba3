"""Blocks of Parquet rows."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.core.errors import DataError
from recsys.log.blocks import BLOCK_ROWS, LogBlock
from recsys.log.formats.raw import RawBlock, shorten


def read_parquet(block: LogBlock, columns: dict[str, str]) -> RawBlock:
    """Read rows ``[end, end + rows)`` of row group ``start``. Raises DataError: the pages are damaged."""
    pieces: list[pa.RecordBatch] = []
    skip = block.end
    try:
        with block.opened() as opened, pq.ParquetFile(opened) as file:
            batches = file.iter_batches(BLOCK_ROWS, [block.start], list(dict.fromkeys(columns.values())))
            for batch in batches:
                if skip < len(batch):
                    pieces.append(batch.slice(skip, block.rows - sum(map(len, pieces))))
                skip = max(0, skip - len(batch))
                if sum(map(len, pieces)) == block.rows:
                    break
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{block.origin}: row group {block.start} cannot be read ({error})") from None
    source = pa.Table.from_batches(pieces)
    table = pa.Table.from_arrays([source.column(name) for name in columns.values()], names=list(columns))
    rows = np.arange(block.row, block.row + len(table))
    return RawBlock(table, rows, lambda i: shorten(_row_text(source, i)))


def _row_text(table: pa.Table, row: int) -> str:
    values = {}
    for name in table.column_names:
        scalar = table.column(name)[row]
        try:
            values[name] = scalar.as_py()
        except (OverflowError, ValueError):  # a moment that Python has no date for
            values[name] = scalar.value
    return str(values)
