"""What pruning leaves of a layer: how many of its units, which, and a layer made of their weights."""

import numpy as np
import numpy.typing as npt

from recsys.models.keras import keras


def left_of(size: int, kept: float) -> int:
    """How many of ``size`` units the share ``kept`` is, at least one.

    >>> left_of(16, 0.5), left_of(2, 0.1)
    (8, 1)
    """
    return max(1, round(kept * size))


def strongest(strength: npt.NDArray[np.floating], kept: float) -> npt.NDArray[np.intp]:
    """Indices of the strongest ``kept`` share, in their own order.

    >>> strongest(np.array([0.1, 3.0, 0.2, 1.0]), 0.5).tolist()
    [1, 3]
    """
    return np.sort(np.argsort(-strength, kind="stable")[: left_of(len(strength), kept)])


def dense_of(name: str, kernel: npt.NDArray[np.float32], bias: npt.NDArray[np.float32] | None) -> keras.layers.Dense:
    """A dense layer without activation; ``kernel [inputs, outputs]``, ``bias [outputs]`` or None for none."""
    dense = keras.layers.Dense(kernel.shape[1], use_bias=bias is not None, name=name)
    dense.build([None, kernel.shape[0]])
    dense.set_weights([kernel] if bias is None else [kernel, bias])
    return dense
