"""The event embedding: what a block reads of an event, of all its channels."""

from typing import Self

from recsys.config.model import ModelConfig
from recsys.core.history import History
from recsys.core.schema import PAD_ID
from recsys.models.channels.categories import CategoryEmbedding, categories_of
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
    read = {"items", *categories_of(config)} | ({"times"} if config.request_time else set())
    return History(**{channel: tf.TensorSpec(shape, tf.int32, name=names[channel]) for channel in read})


def step_spec(config: ModelConfig) -> History:
    """The types of one more event: of its own channels alone, but the ages of all that is carried and then its own."""
    event = history_spec(config, 1, length=1, items="item")
    return event._replace(times=history_spec(config, 1, length=config.max_length + 1).times)


def requests_of(ages: tf.Tensor) -> tf.Tensor:
    """When each event was asked for what followed: at the next event or, of the newest, at the request itself.

    Args:
        ages: ``[batch, length]`` seconds; what is returned is counted alike.
    """
    return tf.pad(ages[:, 1:], [[0, 0], [0, 1]])


class EventEmbedding(keras.layers.Layer):
    """The vector of an event's item, changed by its type and its value, and that of its position.

    An event is ``item * (1 + gates) + vectors``, the gates and the vectors of its type and of its value summed: a gate
    can turn what an item says around, as a dislike does, and of items that nobody disliked before, too.

    Args:
        positions: learned vectors of positions; None where the blocks know positions by themselves, or not at all.
        categories: the gates and vectors of types and values, by the channel of ``History``; of those that are read.
    """

    def __init__(
        self,
        items: ItemEmbedding,
        positions: LearnedPositions | None,
        categories: dict[str, CategoryEmbedding],
        name: str = "events",
    ) -> None:
        super().__init__(name=name)
        self.items, self.positions, self.categories = items, positions, categories

    @classmethod
    def from_config(cls, config: ModelConfig, items: ItemEmbedding) -> Self:
        """New vectors of every channel that a model of ``config`` reads, beside those of ``items``."""
        learned = config.positions in ("newest", "oldest")
        positions = LearnedPositions(config.max_length, config.width) if learned else None
        categories = {name: CategoryEmbedding(rows, config.width, name) for name, rows in categories_of(config).items()}
        return cls(items, positions, categories)

    def over(self, items: ItemEmbedding, positions: LearnedPositions | None) -> "EventEmbedding":
        """The same channels beside other tables of items and positions."""
        return EventEmbedding(items, positions, self.categories, self.name)

    def trimmed(self) -> "EventEmbedding":
        """The same in no more rows of each channel than have learned anything."""
        categories = {name: category.trimmed() for name, category in self.categories.items()}
        return EventEmbedding(self.items, self.positions, categories, self.name)

    def call(self, history: History, positions: tf.Tensor) -> tf.Tensor:
        """Events to ``[batch, length, width]``, padding to zero; positions: ``[batch, length] int32``."""
        x = embed(self.items, history.items)
        real = tf.cast(tf.not_equal(history.items, PAD_ID), tf.float32)[..., None]
        if self.categories:
            read = [category(getattr(history, name)) for name, category in self.categories.items()]
            gates, vectors = (sum(parts) for parts in zip(*read, strict=True))
            x = x * (1.0 + gates) + vectors * real
        if self.positions is not None:
            x += self.positions(positions) * real
        return x
