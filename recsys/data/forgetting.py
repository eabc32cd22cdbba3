"""Users who asked to be forgotten.

A dataset that they were taken out of keeps only the hashes of their ids, so that no later log brings them back.
"""

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.data.dataset import SEQUENCES_DIR, Dataset
from recsys.data.hashing import hash_strings
from recsys.data.strings import hash_array
from recsys.errors import DataError
from recsys.schema import USER


def read_users(path: Path) -> npt.NDArray[np.uint64]:
    """The hashes of the user ids in a file, one a line: ``[n] uint64``, sorted.

    An id is all that stands between two line ends, blanks included, as in the log; a byte order mark is not of it.

    Raises:
        DataError: no such file, or not UTF-8.
    """
    try:
        lines = [line.removesuffix("\r") for line in path.read_bytes().decode("utf-8-sig").split("\n")]
    except FileNotFoundError:
        raise DataError(f"{path}: no such list of users to forget; expected one user id a line") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: the list of users to forget is not UTF-8 ({error})") from None
    return np.unique(hash_strings(line for line in lines if line))


def holds_users(dataset: Dataset, forgotten: npt.NDArray[np.uint64]) -> bool:
    """Whether any of the users is in the dataset's sequences, or in the events that it keeps."""
    files = [*(dataset.path / SEQUENCES_DIR).glob("*.parquet"), *dataset.event_files]
    columns = (pq.read_table(file, columns=[USER]).column(USER) for file in files)
    return any(np.isin(hash_strings(column.unique().to_pylist()), forgotten).any() for column in columns)


def drop_users(events: pa.Table, forgotten: npt.NDArray[np.uint64]) -> tuple[pa.Table, Counter[int]]:
    """The events of all other users, and how many were dropped of each forgotten user, by hash."""
    if not len(forgotten):
        return events, Counter()
    column = events.column(USER).combine_chunks()
    hashes = hash_array(column.dictionary)[column.indices.to_numpy()]
    gone = np.isin(hashes, forgotten)
    return events.filter(pa.array(~gone)), Counter(hashes[gone].tolist())
