"""Blocks made smaller after training: projections of low rank, fewer heads, narrower feed-forwards."""

import numpy as np
import numpy.typing as npt

from recsys.models.blocks import Block, GatedResidual
from recsys.models.feed_forward import SwiGLU
from recsys.models.keras import keras, tf
from recsys.models.mixers.attention import MultiHeadAttention
from recsys.models.sasrec import SASRec, build_model


class LowRank(keras.layers.Layer):
    """A dense layer as two: the best approximation of its kernel of a rank (Eckart and Young, 1936)."""

    def __init__(self, dense: keras.layers.Dense, rank: int) -> None:
        super().__init__(name=dense.name)
        left, strengths, right = np.linalg.svd(dense.kernel.numpy(), full_matrices=False)
        root = np.sqrt(strengths[:rank])
        self.inner = _dense(left[:, :rank] * root, None, None, "inner")
        bias = dense.bias.numpy() if dense.use_bias else None
        self.outer = _dense(root[:, None] * right[:rank], bias, dense.activation, "outer")
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.outer(self.inner(x))


def prune(model: SASRec, rank: int | None = None, kept: float | None = None) -> SASRec:
    """A copy of ``model``, which is as it was trained, with smaller blocks.

    Args:
        rank: of the projections, where that makes them smaller; None leaves them whole.
        kept: share of each block's heads (at least one) and feed-forward rows, the strongest; None leaves all.
            Strength is the product of the norms of what writes to a head or row and of what reads it.
    """
    copy = build_model(model.config, model.items.rows)
    for variable, known in zip(copy.variables, model.variables, strict=True):
        variable.assign(known)
    for block in copy.blocks:
        if kept is not None:
            _prune_heads(block, kept)
            _prune_rows(block, kept)
        if rank is not None:
            _cut(block, rank)
    return copy


def _cut(block: Block, rank: int) -> None:
    places = [(block.mixer, "query_key_value"), (block.mixer, "output_projection")]
    places += [(block.feed_forward, "inner"), (block.feed_forward, "outer")]
    places += [(join, "gate") for join in (block.mixer_join, block.feed_join) if isinstance(join, GatedResidual)]
    for owner, name in places:
        dense = getattr(owner, name)
        rows, columns = dense.kernel.shape
        if rank * (rows + columns) < rows * columns:
            setattr(owner, name, LowRank(dense, rank))


def _prune_heads(block: Block, kept: float) -> None:
    old: MultiHeadAttention = block.mixer
    if old.heads == 1:
        return
    width, heads, each = old.width, old.heads, old.head_width
    projections = old.query_key_value.kernel.numpy().reshape(width, 3, heads, each)
    output = old.output_projection.kernel.numpy().reshape(heads, each, width)
    strength = np.linalg.norm(projections[:, 2], axis=(0, 2)) * np.linalg.norm(output, axis=(1, 2))
    best = _strongest(strength, kept)
    block.mixer = MultiHeadAttention(width, len(best), old.rotary_length, old.name, head_width=each)
    block.mixer.query_key_value = _dense(projections[:, :, best].reshape(width, -1), None, None, "query_key_value")
    block.mixer.output_projection = _dense(output[best].reshape(-1, width), None, None, "output")
    block.mixer.built = True


def _prune_rows(block: Block, kept: float) -> None:
    feed = block.feed_forward
    inner, outer = feed.inner.kernel.numpy(), feed.outer.kernel.numpy()
    gates = 2 if isinstance(feed, SwiGLU) else 1
    parts = inner.reshape(len(inner), gates, -1)
    best = _strongest(np.linalg.norm(parts, axis=0).prod(0) * np.linalg.norm(outer, axis=1), kept)
    bias = feed.inner.bias.numpy()[best] if feed.inner.use_bias else None
    feed.inner = _dense(parts[:, :, best].reshape(len(inner), -1), bias, None, "inner")
    feed.outer = _dense(outer[best], feed.outer.bias.numpy() if feed.outer.use_bias else None, None, "outer")


def left_of(size: int, kept: float) -> int:
    """How many of ``size`` heads or rows the share ``kept`` is."""
    return max(1, round(kept * size))


def _strongest(strength: npt.NDArray[np.floating], kept: float) -> npt.NDArray[np.intp]:
    """Places of the strongest ``kept`` share, at least one, in their own order."""
    return np.sort(np.argsort(-strength, kind="stable")[: left_of(len(strength), kept)])


def _dense(
    kernel: npt.NDArray[np.float32], bias: npt.NDArray[np.float32] | None, activation: object, name: str
) -> keras.layers.Dense:
    dense = keras.layers.Dense(kernel.shape[1], activation, use_bias=bias is not None, name=name)
    dense.build([None, kernel.shape[0]])
    dense.set_weights([kernel] if bias is None else [kernel, bias])
    return dense
