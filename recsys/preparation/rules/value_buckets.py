"""Where the buckets of events' values begin."""

import numpy as np
import numpy.typing as npt

from recsys.core.events.codes import MOST_BUCKETS


def fit_value_edges(values: npt.NDArray[np.float32], most: int = MOST_BUCKETS) -> tuple[float, ...]:
    """The edges of at most ``most`` buckets: one for each distinct value or, where there are more, by quantiles.

    Every edge is a value that occurs, and ``EventCodes`` puts a value into the bucket of the last edge not above it.

    >>> fit_value_edges(np.array([4, 1, 5, np.nan, 4], np.float32))
    (4.0, 5.0)
    >>> fit_value_edges(np.arange(100, dtype=np.float32), most=4)
    (25.0, 50.0, 75.0)

    Args:
        values: ``[n]``, those of the events that train, in any order; NaN is missing.
    """
    ordered = np.sort(values[~np.isnan(values)])
    edges = np.unique(ordered)
    if len(edges) > most:
        edges = np.unique(ordered[len(ordered) * np.arange(most) // most])
    return tuple(edges[1:].tolist())
