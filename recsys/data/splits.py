"""Which of a user's events train, which validate and which test."""

import numpy as np
import numpy.typing as npt


def leave_one_out(
    offsets: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The last event tests, the one before it validates; users with fewer than 3 events train only.

    Returns:
        ``(train_end, validation_end)``, both ``[users] int64``, counted from the user's first event.
    """
    lengths = np.diff(offsets)
    enough = lengths >= 3
    return np.where(enough, lengths - 2, lengths), np.where(enough, lengths - 1, lengths)
