"""Many ranges of one flat array as the positions that they cover."""

import numpy as np
import numpy.typing as npt


def flat_ranges(
    starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The positions in ``[starts[i], ends[i])``, range upon range.

    >>> owner, position = flat_ranges(np.array([2, 0]), np.array([7, 1]))
    >>> owner.tolist(), position.tolist()
    ([0, 0, 0, 0, 0, 1], [2, 3, 4, 5, 6, 0])

    Returns:
        ``(range [m], position [m])``, both int64; a range that ends before it starts is refused by NumPy.
    """
    lengths = ends - starts
    owner = np.repeat(np.arange(len(lengths)), lengths)
    return owner, np.arange(len(owner)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
