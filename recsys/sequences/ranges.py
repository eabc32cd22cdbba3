"""Many ranges of one flat array as the positions that they cover."""

import numpy as np
import numpy.typing as npt

RANGES = 1 << 16  # whose positions are written out at once


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


def count_in_ranges(
    values: npt.NDArray[np.int32],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    size: int,
    mask: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.int64]:
    """How often each value stands in ``values[starts[i]:ends[i]]`` of any range, ``[size or more] int64``.

    >>> count_in_ranges(np.array([1, 2, 2, 1, 1], np.int32), np.array([0, 3]), np.array([2, 4]), size=3).tolist()
    [0, 2, 1]

    Args:
        mask: ``[values] bool``, which of them count; None is all.
    """
    counts = np.zeros(max(size, int(values.max(initial=0)) + 1), np.int64)
    for first in range(0, len(starts), RANGES):
        positions = flat_ranges(starts[first : first + RANGES], ends[first : first + RANGES])[1]
        counts += np.bincount(values[positions if mask is None else positions[mask[positions]]], minlength=len(counts))
    return counts
