"""Sessions: runs of a user's events without a long pause."""

import numpy as np
import numpy.typing as npt


def session_starts(
    offsets: npt.NDArray[np.int64], timestamps: npt.NDArray[np.int64], gap: float
) -> npt.NDArray[np.bool_]:
    """Which events begin a session: a user's first, and each that comes more than ``gap`` milliseconds after another.

    >>> session_starts(np.array([0, 3, 4]), np.array([0, 10, 500, 510]), gap=100).tolist()
    [True, False, True, True]

    Args:
        offsets: ``[users + 1] int64``; user ``i`` owns ``timestamps[offsets[i]:offsets[i + 1]]``, in order.

    Returns:
        ``[events] bool``.
    """
    starts = np.ones(len(timestamps), np.bool_)
    starts[1:] = np.diff(timestamps) > gap
    starts[offsets[:-1][np.diff(offsets) > 0]] = True
    return starts
