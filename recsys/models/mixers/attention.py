"""Scaled dot-product attention with several heads (Vaswani et al., 2017), as plain matrix products.

Plain products rather than einsum: they convert to TFLite's built-in operations.
"""

from typing import NamedTuple, Self

import numpy as np

from recsys.config.model import ModelConfig
from recsys.models.keras import keras, tf
from recsys.models.mixers.mixer import Context, Mixed, Mixer, State
from recsys.models.mixers.rotary import Rotary, rotate
from recsys.models.mixers.time_bias import TimeBias
from recsys.models.not_constant import not_constant
from recsys.models.strongest import dense_of, strongest

# Added to the scores of what must not be seen. Not −inf: a row with nothing to see must stay finite,
# and float16 must hold it.
MASKED = -1e4


class Attended(NamedTuple):
    """What attention read, ``[batch, heads, queries, d]``, and its weights ``[batch, heads, queries, keys]``."""

    output: tf.Tensor
    weights: tf.Tensor


def causal_mask(segments: tf.Tensor, packed: bool = True) -> tf.Tensor:
    """Additive mask: an event sees itself and the earlier events of its own segment.

    Args:
        segments: ``[batch, length] int32``; 0 is padding, each other number one user's events.
        packed: whether a row may hold several users; where it holds one, only padding is masked beside the future.

    Returns:
        ``[batch, 1, length, length] float32`` of 0 (seen) and ``MASKED`` or less, which float16 holds.
    """
    columns = not_constant(tf.range(tf.shape(segments)[1]), segments)
    # Added, not combined, and the future twice: padding, which sees nothing, must still prefer the past to the future.
    past = tf.where(columns[None, :] > columns[:, None], 2.0 * MASKED, 0.0)  # [query, key]
    if not packed:
        return past[None, None] + tf.where(tf.equal(segments, 0), MASKED, 0.0)[:, None, None, :]
    own = tf.equal(segments[:, :, None], segments[:, None, :]) & tf.not_equal(segments, 0)[:, None, :]
    return (past[None] + tf.where(own, 0.0, MASKED))[:, None]


def scaled_dot_product(query: tf.Tensor, key: tf.Tensor, value: tf.Tensor, mask: tf.Tensor) -> Attended:
    """``softmax(Q Kᵀ / √d + mask) V``; all ``[batch, heads, ·, d]``, the mask broadcast to the weights."""
    scale = float(1.0 / np.sqrt(query.shape[-1]))
    weights = tf.nn.softmax(tf.matmul(query * scale, key, transpose_b=True) + mask)
    return Attended(tf.matmul(weights, value), weights)


class MultiHeadAttention(Mixer):
    """Softmax attention; its state is the keys and values of every event.

    Args:
        width: of input and output.
        rotary_length: turn queries and keys by rotary positions below this length; 0 for none.
        head_width: of each head; by default they share the width, a multiple of ``heads``.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        rotary_length: int = 0,
        name: str = "mixer",
        head_width: int | None = None,
        reads_times: bool = False,
    ) -> None:
        super().__init__(name=name)
        self.width, self.heads, self.rotary_length = width, heads, rotary_length
        self.head_width = head_width or width // heads
        self.rotary = Rotary(rotary_length, self.head_width) if rotary_length else None
        self.query_key_value = keras.layers.Dense(3 * heads * self.head_width, use_bias=False, name="query_key_value")
        self.output_projection = keras.layers.Dense(width, use_bias=False, name="output")
        self.time_bias = TimeBias(heads, width) if reads_times else None

    @classmethod
    def from_config(cls, config: ModelConfig, number: int) -> Self:
        reads_times = config.request_time and number == config.blocks - 1
        rotary_length = config.max_length if config.positions == "rotary" else 0
        return cls(config.width, config.heads, rotary_length, reads_times=reads_times)

    @staticmethod
    def multiply_adds(config: ModelConfig, length: int, queries: int) -> int:
        width = config.width
        project = length * 3 * width * width  # queries, keys and values
        attend = 2 * queries * length * width  # scores, and what they weigh
        return project + attend + queries * width * width  # and the output projection

    def call(self, x: tf.Tensor, context: Context, newest_only: bool = False) -> Mixed:
        query, key, value = self._project(x, context.positions)
        mask = causal_mask(context.segments, context.packed)
        asking = slice(-1, None) if newest_only else slice(None)
        query, mask = query[:, :, asking], mask[:, :, asking]
        if self.time_bias is not None:
            mask += self.time_bias(context.ages, context.requests[:, asking])
        attended = scaled_dot_product(query, key, value, mask)
        output = self._merge(attended.output)
        if self.time_bias is not None:
            output += self.time_bias.paused(context.ages[:, asking], context.requests[:, asking])
        return Mixed(output, attended.weights, {"keys": key, "values": value})

    def smaller(self, kept: float) -> "MultiHeadAttention":
        """One that has the strongest ``kept`` share of this one's heads.

        Strength is the product of the norms of a head's values and of what reads them.
        """
        projections = self.query_key_value.kernel.numpy().reshape(self.width, 3, self.heads, self.head_width)
        output = self.output_projection.kernel.numpy().reshape(self.heads, self.head_width, self.width)
        strength = np.linalg.norm(projections[:, 2], axis=(0, 2)) * np.linalg.norm(output, axis=(1, 2))
        best = strongest(strength, kept)
        smaller = MultiHeadAttention(self.width, len(best), self.rotary_length, self.name, self.head_width)
        smaller.time_bias = self.time_bias.of_heads(best) if self.time_bias else None
        smaller.query_key_value = dense_of("query_key_value", projections[:, :, best].reshape(self.width, -1), None)
        smaller.output_projection = dense_of("output", output[best].reshape(-1, self.width), None)
        return smaller

    def state_shapes(self, length: int) -> dict[str, tuple[int, ...]]:
        shape = (1, self.heads, length, self.head_width)
        return {"keys": shape, "values": shape}

    def step(self, x: tf.Tensor, state: State, context: Context) -> Mixed:
        """As ``Mixer.step``; columns need not stand in the order of their events, as positions are part of the keys."""
        query, key, value = self._project(x, context.positions)
        length = state["keys"].shape[2]
        # Real columns stand at the right: as many as there were events.
        mask = tf.where(tf.range(length)[None] < length - context.positions, MASKED, 0.0)[:, None, None, :]
        # The past and the event's own key and value are not put side by side: copying would cost more than the event.
        query *= float(query.shape[-1]) ** -0.5
        before = tf.matmul(query, state["keys"], transpose_b=True) + mask
        scores = tf.concat([before, tf.reduce_sum(query * key, -1, keepdims=True)], -1)
        if self.time_bias is not None:
            scores += self.time_bias(context.ages, context.requests)
        weights = tf.nn.softmax(scores)
        output = self._merge(tf.matmul(weights[..., :-1], state["values"]) + weights[..., -1:] * value)
        if self.time_bias is not None:
            output += self.time_bias.paused(context.ages[:, -1:], context.requests)
        return Mixed(output, weights, {"keys": key, "values": value})

    def _project(self, x: tf.Tensor, positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Queries, keys and values of ``x`` (``[batch, length, width]``), each ``[batch, heads, length, d]``."""
        query, key, value = (self._split(part) for part in tf.split(self.query_key_value(x), 3, -1))
        if self.rotary is not None:
            cosines, sines = (table[:, None] for table in self.rotary(positions))  # [batch, 1, length, d / 2]
            query, key = rotate(query, cosines, sines), rotate(key, cosines, sines)
        return query, key, value

    def _merge(self, attended: tf.Tensor) -> tf.Tensor:
        """Heads side by side again and projected: ``[batch, heads, n, d]`` to ``[batch, n, width]``."""
        if self.heads > 1:
            attended = tf.transpose(attended, [0, 2, 1, 3])
        shape = tf.shape(attended)
        queries = shape[2] if self.heads == 1 else shape[1]
        return self.output_projection(tf.reshape(attended, [shape[0], queries, self.heads * self.head_width]))

    def _split(self, x: tf.Tensor) -> tf.Tensor:
        shape = tf.shape(x)
        if self.heads == 1:
            return tf.reshape(x, [shape[0], 1, shape[1], self.head_width])
        return tf.transpose(tf.reshape(x, [shape[0], shape[1], self.heads, self.head_width]), [0, 2, 1, 3])
