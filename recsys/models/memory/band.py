"""Frames: keys laid out so that a chunk of queries finds the newest items of each side by side."""

from typing import NamedTuple

from recsys.models.keras import tf

CHUNK = 25  # queries that share one frame of keys in the band; divides the usual lengths


class Band(NamedTuple):
    """Memory attention over framed keys.

    Attributes:
        weights: ``[batch, frames, CHUNK, keys]``, zero outside the band.
        ids: ``[batch, frames, keys] int32``, the items whose rows are read.
    """

    weights: tf.Tensor
    ids: tf.Tensor


def frame(x: tf.Tensor, newest: int) -> tf.Tensor:
    """Keys for each chunk of queries: ``[batch, length, …]`` to ``[batch, frames, CHUNK + newest - 1, …]``."""
    length = tf.shape(x)[1]
    padding = [[0, 0], [newest - 1, -length % CHUNK]] + [[0, 0]] * (len(x.shape) - 2)
    return tf.signal.frame(tf.pad(x, padding), CHUNK + newest - 1, CHUNK, axis=1)
