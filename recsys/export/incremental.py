"""One new event at the cost of one position: each block's keys and values are carried from pass to pass.

Exact while the history fits the model, where positions count from the oldest event (rotary, learned from the oldest,
or none): nothing that an earlier event gave changes when a later one comes. Once the window slides, every position
shifts, and the history is encoded anew.
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
    carried = []
    for block in model.blocks:
        x, *keys_values = _advance(block, x, positions, mask, None)
        carried.append(keys_values)
    return _carried(model, x, carried)


def step(model: PhoneModel, item: tf.Tensor, count: tf.Tensor, keys: tf.Tensor, values: tf.Tensor) -> Carried:
    """Encode one more event.

    Args:
        item: ``[1, 1] int32``, its internal id.
        count: ``[1, 1] int32``, real events before it; less than the model's length.
        keys, values: as ``start`` or the last ``step`` gave them.
    """
    x = _embed(model, item, count)
    length = keys.shape[2]
    # The newest events stand at the right: count of them before this one.
    mask = tf.where(tf.range(length)[None] < length - 1 - count, MASKED, 0.0)[:, None, None, :]  # [1, 1, 1, length]
    carried = []
    for number, block in enumerate(model.blocks):
        here = slice(number, number + 1)
        x, *keys_values = _advance(block, x, count, mask, (keys[here, :, 1:], values[here, :, 1:]))
        carried.append(keys_values)
    return _carried(model, x, carried)


def _embed(model: PhoneModel, ids: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    x = model.embed(ids)
    if model.learned_positions is not None:
        x += model.learned_positions(positions) * tf.cast(tf.not_equal(ids, PAD_ID), tf.float32)[..., None]
    return x


def _advance(
    block: Block, x: tf.Tensor, positions: tf.Tensor, mask: tf.Tensor, past: tuple[tf.Tensor, tf.Tensor] | None
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """``block`` over ``x``, and the keys and values that it read: its own, after those of ``past``."""
    query, key, value = block.mixer.project(block.mixer_norm(x), positions)
    if past is not None:
        key, value = tf.concat([past[0], key], 2), tf.concat([past[1], value], 2)
    attended = scaled_dot_product(query, key, value, mask)
    x = block.mixer_join(x, block.mixer.merge(attended.output), None)
    return block.feed_join(x, block.feed_forward(block.feed_norm(x)), None), key, value


def _carried(model: PhoneModel, x: tf.Tensor, keys_values: list[list[tf.Tensor]]) -> Carried:
    keys, values = (tf.concat(parts, 0) for parts in zip(*keys_values, strict=True))
    return Carried(keys, values, model.final_norm(x[:, -1:])[:, 0])
