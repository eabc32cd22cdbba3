"""The event embedding: what a block reads of an event, summed over its channels."""

from typing import Self

from recsys.config.model import ModelConfig
from recsys.core.history import History
from recsys.core.schema import PAD_ID
from recsys.models.items import ItemEmbedding, embed
from recsys.models.keras import keras, tf
from recsys.models.positions import LearnedPositions


def history_spec(config: ModelConfig, batch: int | None, length: int | None = None, items: str = "history") -> History:
    """The TensorFlow types of the channels that a model of ``config`` reads.

    Args:
        length: of the histories; by default the model's.
        items: what the items' tensor is called.
    """
    shape = [batch, length or config.max_length]
    names = History.names(items)
    read = {"items"} | ({"times"} if config.request_time else set())
    return History(**{channel: tf.TensorSpec(shape, tf.int32, name=names[channel]) for channel in read})


def step_spec(config: ModelConfig) -> History:
    """The types of one more event: of its own items alone, and the ages of all that is carried and then its own."""
    event = history_spec(config, 1, length=1, items="item")
    ages = history_spec(config, 1, length=config.max_length + 1)
    return ages._replace(items=event.items)


def requests_of(ages: tf.Tensor) -> tf.Tensor:
    """When each event was asked for what followed: at the next event or, of the newest, at the request itself.

    Args:
        ages: ``[batch, length]`` seconds; what is returned is counted alike.
    """
    return tf.pad(ages[:, 1:], [[0, 0], [0, 1]])


class EventEmbedding(keras.layers.Layer):
    """The vector of an event's item, and of each further channel that the model reads.

    Args:
        positions: learned vectors of positions; None where the blocks know positions by themselves, or not at all.
    """

    def __init__(self, items: ItemEmbedding, positions: LearnedPositions | None, name: str = "events") -> None:
        super().__init__(name=name)
        self.items, self.positions = items, positions

    @classmethod
    def from_config(cls, config: ModelConfig, items: ItemEmbedding) -> Self:
        """New vectors of every channel that a model of ``config`` reads, beside those of ``items``."""
        learned = config.positions in ("newest", "oldest")
        return cls(items, LearnedPositions(config.max_length, config.width) if learned else None)

    def over(self, items: ItemEmbedding, positions: LearnedPositions | None) -> "EventEmbedding":
        """The same channels beside other tables of items and positions."""
        return EventEmbedding(items, positions, self.name)

    def call(self, history: History, positions: tf.Tensor) -> tf.Tensor:
        """Events to ``[batch, length, width]``, padding to zero; positions: ``[batch, length] int32``."""
        x = embed(self.items, history.items)
        if self.positions is not None:
            real = tf.not_equal(history.items, PAD_ID)
            x += self.positions(positions) * tf.cast(real, tf.float32)[..., None]
        return x
