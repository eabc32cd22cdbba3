"""Overlapping windows over long histories."""

import numpy as np
import numpy.typing as npt


def cut_windows(
    lengths: npt.NDArray[np.int64], length: int, stride: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Cover each history with windows, the newest first placed.

    >>> history, start, end = cut_windows(np.array([6, 2]), length=3, stride=2)
    >>> [*zip(history.tolist(), start.tolist(), end.tolist())]
    [(0, 0, 2), (0, 1, 4), (0, 3, 6), (1, 0, 2)]

    Args:
        lengths: ``[n] int64``, events of each history.
        length: events of a window.
        stride: events from the end of one window to the end of the next.

    Returns:
        ``(history [m], start [m], end [m])``, oldest window of each history first. Only the oldest may be shorter.
    """
    extra = np.maximum(lengths - length, 0)
    counts = np.where(lengths > 0, 1 + -(-extra // stride), 0)
    history = np.repeat(np.arange(len(lengths)), counts)
    back = np.repeat(np.cumsum(counts), counts) - 1 - np.arange(counts.sum())  # windows after this one
    ends = lengths[history] - back * stride
    return history, np.maximum(ends - length, 0), ends
