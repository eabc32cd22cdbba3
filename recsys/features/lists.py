"""Columns of lists, of which a row may have none."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def lengths_of(lists: pa.Array) -> npt.NDArray[np.int64]:
    """How many values each row has, ``[rows]``; 0 where it is null.

    >>> lengths_of(pa.array([["a", "b"], None, ["c", "d"]], pa.list_(pa.string(), 2))).tolist()
    [2, 0, 2]
    """
    return np.asarray(pc.fill_null(pc.list_value_length(lists), 0), np.int64)


def owners_of(lists: pa.Array) -> npt.NDArray[np.int64]:
    """The row of each value of ``lists.flatten()``, ``[values]``.

    By their lengths: Arrow's own ``list_parent_indices`` counts values that lie under a null row, too, as they do in a
    list of a fixed length.
    """
    return np.repeat(np.arange(len(lists)), lengths_of(lists))
