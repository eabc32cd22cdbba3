"""A bucket of users as one shard of a dataset."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.core.publishing import appearing
from recsys.core.schema import TRAIN_END, VALIDATION_END
from recsys.preparation.exchange.bucket import Bucket


def write_shard(
    bucket: Bucket, train_end: npt.NDArray[np.int64], validation_end: npt.NDArray[np.int64], path: Path
) -> None:
    """Write one row a user (the columns of ``recsys.core.schema``); the same sequences make the same bytes."""
    table = pa.Table.from_batches([bucket.batch()])
    for name, bound in ((TRAIN_END, train_end), (VALIDATION_END, validation_end)):
        table = table.append_column(name, pa.array(bound.astype(np.int32)))
    with appearing(path) as aside:
        pq.write_table(table, aside, compression="zstd")
