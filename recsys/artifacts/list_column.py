"""Lists of different lengths as one column of Arrow."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def lists(lengths: npt.NDArray[np.integer[Any]], values: pa.Array) -> pa.ListArray:
    """A column of lists, ``lengths`` long, of ``values`` end to end."""
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)), values)
