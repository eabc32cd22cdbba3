"""Columns that stand in the names of folders, as Hive and Spark write them: ``day=2026-11-28/part-0.parquet``."""

from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys.core.digests import sha256_file
from recsys.log.blocks import LogBlock

NOTHING = "__HIVE_DEFAULT_PARTITION__"


def partitions_of(file: Path, root: Path) -> tuple[tuple[str, str], ...]:
    """What the folders below ``root`` that a file lies in say of its rows, the nearest folder last.

    >>> partitions_of(Path("x=1/logs/day=2026-11-28/kind=a%2Fb/0.csv"), Path("x=1/logs"))
    (('day', '2026-11-28'), ('kind', 'a/b'))
    """
    pairs = (part.partition("=") for part in file.relative_to(root).parts[:-1])
    return tuple((unquote(name), unquote(value)) for name, equals, value in pairs if name and equals)


def file_digest(file: Path, columns: set[str], root: Path) -> str:
    """SHA-256 of a file and, where folders below ``root`` hold some of the ``columns`` that are read, what they say."""
    said = [f"{name}={value}" for name, value in partitions_of(file, root) if name in columns]
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
        if ours not in table.column_names or (block.format == "jsonl" and known.null_count == len(table)):
            found[ours] = pa.DictionaryArray.from_arrays(
                np.zeros(len(table), np.int32), pa.array([said[name]], pa.string())
            )
        elif block.format == "jsonl" and known.null_count and said[name] is not None:
            # Bytes stay bytes: a value that is no text is refused with its own row.
            told = known if pa.types.is_binary(known.type) else known.cast(pa.string())
            found[ours] = pc.fill_null(told, pa.scalar(said[name]).cast(told.type))
        else:
            found[ours] = known
    return pa.table(found)
