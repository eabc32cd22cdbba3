"""How a config learned, over its seeds."""

from collections.abc import Sequence
from typing import NamedTuple


class Curve(NamedTuple):
    """A metric by epoch: its mean over seeds, with the lowest and the highest of them.

    Attributes:
        epochs: those that every seed has; where one stopped earlier, a mean of the others would jump.
    """

    epochs: list[int]
    mean: list[float]
    low: list[float]
    high: list[float]
    seeds: int


def curve_of(histories: Sequence[tuple[Sequence[int], Sequence[float]]]) -> Curve:
    """One curve from each seed's epochs and values; of an epoch that was gone through twice, the later value counts.

    >>> curve_of([([1, 2, 3], [0.25, 0.5, 0.75]), ([1, 2], [0.5, 0.5])])
    Curve(epochs=[1, 2], mean=[0.375, 0.5], low=[0.25, 0.5], high=[0.5, 0.5], seeds=2)
    """
    found = [dict(zip(epochs, values, strict=True)) for epochs, values in histories if epochs]
    shared = sorted(set.intersection(*map(set, found))) if found else []
    values = [[one[epoch] for one in found] for epoch in shared]
    means = [sum(some) / len(some) for some in values]
    return Curve(shared, means, [min(some) for some in values], [max(some) for some in values], len(found))
