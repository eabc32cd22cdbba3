"""A bucket of users as one shard of a dataset."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.data.bucket import Bucket
from recsys.data.dataset import SEQUENCE_SCHEMA


def shard_name(number: int) -> str:
    return f"{number:05d}.parquet"


def write_shard(
    bucket: Bucket, train_end: npt.NDArray[np.int64], validation_end: npt.NDArray[np.int64], path: Path
) -> None:
    """Write sequences in ``SEQUENCE_SCHEMA``; the same sequences make the same bytes."""
    offsets = pa.array(bucket.offsets.astype(np.int32))
    table = pa.Table.from_arrays(
        [
            bucket.users,
            pa.ListArray.from_arrays(offsets, pa.array(bucket.items)),
            pa.ListArray.from_arrays(offsets, pa.array(bucket.timestamps)),
            pa.array(train_end.astype(np.int32)),
            pa.array(validation_end.astype(np.int32)),
        ],
        schema=SEQUENCE_SCHEMA,
    )
    aside = path.with_name(f".{path.name}-{os.getpid()}")
    pq.write_table(table, aside, compression="zstd")
    aside.replace(path)
