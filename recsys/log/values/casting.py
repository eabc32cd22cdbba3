"""Casting a column when some of its values may be bad."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]


def cast_column(values: pa.Array, target: pa.DataType) -> tuple[pa.Array, Mask]:
    """Cast what can be cast: the column whole, or by halves around each bad value; good columns cost one cast.

    Returns:
        ``([n] target, null where the cast failed or the value was null; [n] bool, true where it failed)``.
    """
    try:
        return pc.cast(values, target), np.zeros(len(values), np.bool_)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        if len(values) < 2:
            return pa.nulls(len(values), target), np.asarray(pc.is_valid(values))
    middle = len(values) // 2
    halves = [cast_column(half, target) for half in (values.slice(0, middle), values.slice(middle))]
    return pa.concat_arrays([found for found, _ in halves]), np.concatenate([failed for _, failed in halves])


def as_mask(flags: pa.Array) -> Mask:
    """Arrow's booleans for NumPy; null is false."""
    return np.asarray(pc.fill_null(flags, False))
