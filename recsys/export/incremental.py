"""One new event at the cost of one position: each block's keys and values are carried from pass to pass.

Exact while the history fits the model, where positions count from the oldest event (rotary, learned from the oldest,
or none): nothing that an earlier event gave changes when a later one comes. Once the window slides, every position
shifts, and the history is encoded anew.

A step gives back only what is new, and the client writes it over a column of padding: copying hundreds of columns from
pass to pass would cost more than the event.
"""

from typing import NamedTuple

from recsys.config.model import ModelConfig
from recsys.errors import ConfigError
from recsys.export.phone import PhoneModel
from recsys.models.attention import MASKED, scaled_dot_product
from recsys.models.blocks import Block
from recsys.models.keras import tf
from recsys.models.positions import count_positions
from recsys.schema import PAD_ID


class Carried(NamedTuple):
    """What the next event needs of the earlier ones.

    Attributes:
        keys, values: ``[blocks, heads, length, d] float32``, one column an event as in the padded history.
        embedding: ``[1, width]``, the query embedding after the newest event.
    """

    keys: tf.Tensor
    values: tf.Tensor
    embedding: tf.Tensor


class Stepped(NamedTuple):
    """What one more event adds.

    Attributes:
        key, value: ``[blocks, heads, 1, d] float32``, for the rightmost column of padding: ``length - 1 - count``.
            Columns need not stand in the order of their events, as positions are part of the keys.
        embedding: ``[1, width]``, the query embedding after it.
    """

    key: tf.Tensor
    value: tf.Tensor
    embedding: tf.Tensor


def check(config: ModelConfig) -> None:
    """Raises ConfigError when the model's positions shift with every event."""
    if config.positions == "newest":
        raise ConfigError(
            "export.signatures: incremental needs positions that a new event leaves alone; "
            "train with model.positions=rotary (or oldest, or none)"
        )


def start(model: PhoneModel, history: tf.Tensor) -> Carried:
    """Encode a whole history, ``[1, length] int32``."""
    real = tf.not_equal(history, PAD_ID)
    positions = count_positions(real, model.config.positions)
    x = _embed(model, history, positions)
    mask = model.mask(tf.cast(real, tf.int32))
    keys, values = [], []
    for block in model.blocks:
        query, key, value = block.mixer.project(block.mixer_norm(x), positions)
        x = _join(block, x, scaled_dot_product(query, key, value, mask).output)
        keys.append(key)
        values.append(value)
    return Carried(tf.concat(keys, 0), tf.concat(values, 0), _embedding(model, x))


def step(
    model: PhoneModel, item: tf.Tensor, count: tf.Tensor, keys: list[tf.Tensor], values: list[tf.Tensor]
) -> Stepped:
    """Encode one more event.

    Args:
        item: ``[1, 1] int32``, its internal id.
        count: ``[1, 1] int32``, real events before it; less than the model's length.
        keys, values: of each block ``[1, heads, length, d]``, as ``start`` gave them and steps went on writing.
    """
    x = _embed(model, item, count)
    length = keys[0].shape[2]
    # Real columns stand at the right: count of them.
    mask = tf.where(tf.range(length)[None] < length - count, MASKED, 0.0)[:, None, None, :]  # [1, 1, 1, length]
    new_keys, new_values = [], []
    for block, past_keys, past_values in zip(model.blocks, keys, values, strict=True):
        query, key, value = block.mixer.project(block.mixer_norm(x), count)
        x = _join(block, x, _attend(query, (past_keys, past_values), (key, value), mask))
        new_keys.append(key)
        new_values.append(value)
    return Stepped(tf.concat(new_keys, 0), tf.concat(new_values, 0), _embedding(model, x))


def _attend(
    query: tf.Tensor, past: tuple[tf.Tensor, tf.Tensor], own: tuple[tf.Tensor, tf.Tensor], mask: tf.Tensor
) -> tf.Tensor:
    """``scaled_dot_product`` over the past and the event's own key and value, without putting them side by side."""
    query *= float(query.shape[-1]) ** -0.5
    before = tf.matmul(query, past[0], transpose_b=True) + mask
    weights = tf.nn.softmax(tf.concat([before, tf.reduce_sum(query * own[0], -1, keepdims=True)], -1))
    return tf.matmul(weights[..., :-1], past[1]) + weights[..., -1:] * own[1]


def _embed(model: PhoneModel, ids: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    x = model.embed(ids)
    if model.learned_positions is not None:
        x += model.learned_positions(positions) * tf.cast(tf.not_equal(ids, PAD_ID), tf.float32)[..., None]
    return x


def _join(block: Block, x: tf.Tensor, attended: tf.Tensor) -> tf.Tensor:
    """What ``block`` makes of ``x`` and of what its mixer has read."""
    x = block.mixer_join(x, block.mixer.merge(attended), None)
    return block.feed_join(x, block.feed_forward(block.feed_norm(x)), None)


def _embedding(model: PhoneModel, x: tf.Tensor) -> tf.Tensor:
    return model.final_norm(x[:, -1:])[:, 0]
