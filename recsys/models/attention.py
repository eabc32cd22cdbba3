"""Scaled dot-product attention with several heads (Vaswani et al., 2017), as plain matrix products.

Plain products rather than einsum: they convert to TFLite's built-in operations.
"""

from typing import NamedTuple

import numpy as np

from recsys.models.keras import keras, tf
from recsys.models.positions import Rotary, rotate

# Added to the scores of what must not be seen. Not −inf: a row with nothing to see must stay finite,
# and float16 must hold it.
MASKED = -1e4


class Attended(NamedTuple):
    """What attention read, ``[batch, queries, width]``, and its weights ``[batch, heads, queries, keys]``."""

    output: tf.Tensor
    weights: tf.Tensor


def causal_mask(segments: tf.Tensor) -> tf.Tensor:
    """Additive mask: an event sees itself and the earlier events of its own segment.

    Args:
        segments: ``[batch, length] int32``; 0 is padding, each other number one user's events.

    Returns:
        ``[batch, 1, length, length] float32`` of 0 (seen) and ``MASKED``.
    """
    length = tf.shape(segments)[1]
    columns = tf.range(length)
    past = tf.where(columns[None, :] <= columns[:, None], 0.0, MASKED)  # [query, key]
    own = tf.equal(segments[:, :, None], segments[:, None, :]) & tf.not_equal(segments, 0)[:, None, :]
    # Added, not combined: padding, which sees nothing, must still prefer the past to the future.
    return (past[None] + tf.where(own, 0.0, MASKED))[:, None]


def scaled_dot_product(query: tf.Tensor, key: tf.Tensor, value: tf.Tensor, mask: tf.Tensor) -> Attended:
    """``softmax(Q Kᵀ / √d + mask) V``; all ``[batch, heads, ·, d]``, the mask broadcast to the weights."""
    scale = float(1.0 / np.sqrt(query.shape[-1]))
    weights = tf.nn.softmax(tf.matmul(query * scale, key, transpose_b=True) + mask)
    return Attended(tf.matmul(weights, value), weights)


class MultiHeadAttention(keras.layers.Layer):
    """A sequence mixer: every event reads the events that the mask lets it see.

    Args:
        width: of input and output.
        rotary_length: turn queries and keys by rotary positions below this length; 0 for none.
        head_width: of each head; by default they share the width, a multiple of ``heads``.
    """

    def __init__(
        self, width: int, heads: int, rotary_length: int = 0, name: str = "attention", head_width: int | None = None
    ) -> None:
        super().__init__(name=name)
        self.width, self.heads, self.rotary_length = width, heads, rotary_length
        self.head_width = head_width or width // heads
        self.rotary = Rotary(rotary_length, self.head_width) if rotary_length else None
        self.query_key_value = keras.layers.Dense(3 * heads * self.head_width, use_bias=False, name="query_key_value")
        self.output_projection = keras.layers.Dense(width, use_bias=False, name="output")

    def project(self, x: tf.Tensor, positions: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Queries, keys and values of ``x`` (``[batch, length, width]``), each ``[batch, heads, length, d]``."""
        query, key, value = (self._split(part) for part in tf.split(self.query_key_value(x), 3, -1))
        if self.rotary is not None:
            cosines, sines = (table[:, None] for table in self.rotary(positions))  # [batch, 1, length, d / 2]
            query, key = rotate(query, cosines, sines), rotate(key, cosines, sines)
        return query, key, value

    def merge(self, attended: tf.Tensor) -> tf.Tensor:
        """Heads side by side again and projected: ``[batch, heads, n, d]`` to ``[batch, n, width]``."""
        if self.heads > 1:
            attended = tf.transpose(attended, [0, 2, 1, 3])
        shape = tf.shape(attended)
        queries = shape[2] if self.heads == 1 else shape[1]
        return self.output_projection(tf.reshape(attended, [shape[0], queries, self.heads * self.head_width]))

    def call(
        self, x: tf.Tensor, mask: tf.Tensor, positions: tf.Tensor | None = None, newest_only: bool = False
    ) -> Attended:
        """Mix ``x [batch, length, width]``.

        Args:
            mask: ``[batch, 1, length, length]`` additive.
            positions: ``[batch, length] int32``, for rotary positions.
            newest_only: only the last event asks; the output is ``[batch, 1, width]``.
        """
        query, key, value = self.project(x, positions)
        if newest_only:
            query, mask = query[:, :, -1:], mask[:, :, -1:]
        attended = scaled_dot_product(query, key, value, mask)
        return Attended(self.merge(attended.output), attended.weights)

    def _split(self, x: tf.Tensor) -> tf.Tensor:
        shape = tf.shape(x)
        if self.heads == 1:
            return tf.reshape(x, [shape[0], 1, shape[1], self.head_width])
        return tf.transpose(tf.reshape(x, [shape[0], shape[1], self.heads, self.head_width]), [0, 2, 1, 3])
