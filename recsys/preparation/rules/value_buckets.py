"""Where the buckets of events' values begin."""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from recsys.core.events.codes import MOST_BUCKETS

Values = npt.NDArray[np.float32]
HALF = 1 << 16
_SIGN = np.uint32(1 << 31)


def fit_value_edges(parts: Callable[[], Iterable[Values]], most: int = MOST_BUCKETS) -> tuple[float, ...]:
    """The edges of at most ``most`` buckets: one for each distinct value or, where there are more, by quantiles.

    Every edge is a value that occurs, and ``EventCodes`` puts a value into the bucket of the last edge not above it.
    Memory holds one part at a time, and a count for each half of a value's bits, however many values there are.

    >>> fit_value_edges(lambda: [np.array([4, 1, 5, np.nan, 4], np.float32)])
    (4.0, 5.0)
    >>> fit_value_edges(lambda: [np.arange(100, dtype=np.float32)], most=4)
    (25.0, 50.0, 75.0)

    Args:
        parts: reads the values of the events that train, again for each pass, ``[n]`` each, in any order; NaN is
            missing.
    """
    edges: Values = np.zeros(0, np.float32)
    for values in parts():
        edges = np.unique(np.concatenate([edges, _known(values)]))
        if len(edges) > most:
            edges = np.unique(_quantiles(parts, most))
            break
    return tuple(edges[1:].tolist())


def _quantiles(parts: Callable[[], Iterable[Values]], count: int) -> Values:
    """The values at the places ``n·i // count`` of all ``n`` in order, ``[count]``, found by halves of their bits."""
    upper = np.zeros(HALF, np.int64)
    for values in parts():
        upper += np.bincount(_keys(values) >> 16, minlength=HALF)
    ends = np.cumsum(upper)
    places = ends[-1] * np.arange(count) // count
    high = np.searchsorted(ends, places, side="right")
    met = np.unique(high)
    lower = np.zeros((len(met), HALF), np.int64)
    for values in parts():
        keys = _keys(values)
        rows = np.searchsorted(met, keys >> 16)
        inside = met[np.minimum(rows, len(met) - 1)] == keys >> 16
        lower += np.bincount(rows[inside] * HALF + (keys[inside] & (HALF - 1)), minlength=lower.size).reshape(
            lower.shape
        )
    rows, rest = np.searchsorted(met, high), places - (ends - upper)[high]
    low = [np.searchsorted(np.cumsum(lower[row]), place, side="right") for row, place in zip(rows, rest, strict=True)]
    return _values((high << 16 | np.array(low)).astype(np.uint32))


def _known(values: Values) -> Values:
    """Those that are not missing; zero has one sign."""
    known: Values = values[~np.isnan(values)] + np.float32(0)
    return known


def _keys(values: Values) -> npt.NDArray[np.int64]:
    """A whole number for each known value, in the values' order."""
    bits = _known(values).view(np.uint32)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN).astype(np.int64)


def _values(keys: npt.NDArray[np.uint32]) -> Values:
    """The values whose keys these are."""
    return np.where(keys & _SIGN, keys ^ _SIGN, ~keys).astype(np.uint32).view(np.float32)
