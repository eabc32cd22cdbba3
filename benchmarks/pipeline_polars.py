"""The peer on one machine: the same job in polars, all in memory.

Usage: python -m benchmarks.pipeline_polars LOG OUT
"""

import sys
from pathlib import Path

import polars as pl

CORE = 5


def prepare(log: Path, out: Path) -> None:
    """Read, clean, 5-core, vocabulary, sort, split, write."""
    schema = {"user_id": pl.String, "item_id": pl.String, "timestamp": pl.Int64, "event_id": pl.Int64}
    events = pl.read_csv(log, schema=schema)
    events = events.filter(
        pl.all_horizontal(pl.col(name).is_not_null() for name in schema)
        & (pl.col("user_id").str.len_bytes().is_between(1, 1024))
        & (pl.col("item_id").str.len_bytes().is_between(1, 1024))
    )
    events = events.sort("user_id", "timestamp", "event_id").unique(
        ["user_id", "item_id", "timestamp"], keep="first", maintain_order=True
    )
    before = -1
    while before != len(events):
        before = len(events)
        events = events.filter(pl.len().over("item_id") >= CORE).filter(pl.len().over("user_id") >= CORE)
    items = events.group_by("item_id").len("count").sort("count", "item_id", descending=[True, False])
    items = items.with_row_index("id", offset=1)
    events = events.join(items.select("item_id", pl.col("id").cast(pl.Int32)), on="item_id", maintain_order="left")
    sequences = events.group_by("user_id", maintain_order=True).agg(
        pl.col("id").alias("items"), (pl.col("timestamp") * 1000).alias("timestamps")
    )
    length = pl.col("items").list.len().cast(pl.Int32)
    sequences = sequences.with_columns(
        train_end=pl.when(length >= 3).then(length - 2).otherwise(length),
        validation_end=pl.when(length >= 3).then(length - 1).otherwise(length),
    )
    out.mkdir(parents=True)
    sequences.write_parquet(out / "sequences.parquet")
    items.write_parquet(out / "items.parquet")
    print(sequences["items"].list.len().sum())


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), Path(sys.argv[2]))
