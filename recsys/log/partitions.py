"""Columns that stand in the names of folders, as Hive and Spark write them: ``day=2026-11-28/part-0.parquet``."""

from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys.core.digests import sha256_file
from recsys.log.blocks import LogBlock

NOTHING = "__HIVE_DEFAULT_PARTITION__"


def partitions_of(file: Path) -> tuple[tuple[str, str], ...]:
    """What the folders that a file lies in say of its rows, the nearest folder last.

    >>> partitions_of(Path("logs/day=2026-11-28/kind=a%2Fb/0.csv"))
    (('day', '2026-11-28'), ('kind', 'a/b'))
    """
    pairs = (part.partition("=") for part in file.parts[:-1])
    return tuple((unquote(name), unquote(value)) for name, equals, value in pairs if name and equals)


def file_digest(file: Path, columns: set[str]) -> str:
    """SHA-256 of a file and, where its folders hold some of the ``columns`` that are read, what they say."""
    said = [f"{name}={value}" for name, value in partitions_of(file) if name in columns]
    return " ".join([sha256_file(file), *said])


def own_columns(block: LogBlock, columns: dict[str, str]) -> dict[str, str]:
    """Those of the wanted columns that are read from the file: all but what only its folders hold."""
    told = {name for name, _ in block.partitions if block.format != "jsonl" and name not in block.columns}
    return {ours: name for ours, name in columns.items() if name not in told}


def with_partitions(table: pa.Table, block: LogBlock, columns: dict[str, str]) -> pa.Table:
    """The wanted columns, in their order: what a file does not say is taken from its folders.

    A file's own column counts where it has one; of JSON Lines, a row's own value.
    """
    said = {name: None if value == NOTHING else value for name, value in block.partitions}
    found = {}
    for ours, name in columns.items():
        if name not in said:
            found[ours] = table.column(ours)
            continue
        known = table.column(ours).combine_chunks() if ours in table.column_names else pa.nulls(len(table))
        if known.null_count == len(table):
            found[ours] = pa.DictionaryArray.from_arrays(
                np.zeros(len(table), np.int32), pa.array([said[name]], pa.string())
            )
        elif known.null_count:
            found[ours] = pc.fill_null(known.cast(pa.string()), said[name])
        else:
            found[ours] = known
    return pa.table(found)
