"""Casting a column when some of its values may be bad."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def cast_column(values: pa.Array, target: pa.DataType) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Cast what can be cast.

    A column is tried whole, then by halves around each bad value, so that good columns cost one cast.

    Returns:
        ``([n] target, null where the cast failed or the value was null; [n] bool, true where it failed)``.
    """
    try:
        return pc.cast(values, target), np.zeros(len(values), np.bool_)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        if len(values) == 1:
            return pa.nulls(1, target), np.ones(1, np.bool_)
    middle = len(values) // 2
    left, left_failed = cast_column(values.slice(0, middle), target)
    right, right_failed = cast_column(values.slice(middle), target)
    return pa.concat_arrays([left, right]), np.concatenate([left_failed, right_failed])
