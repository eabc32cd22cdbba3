"""Event types and buckets of values: channels of a history that are one of few codes."""

import numpy as np

from recsys.config.model import ModelConfig
from recsys.core.events.codes import FIRST, MOST_BUCKETS, MOST_TYPES
from recsys.models.keras import keras, tf


def categories_of(config: ModelConfig) -> dict[str, int]:
    """The channels of ``History`` that a model of ``config`` reads as categories, and how many codes each may have."""
    read = {"types": (config.event_types, FIRST + MOST_TYPES), "values": (config.event_values, FIRST + MOST_BUCKETS)}
    return {channel: rows for channel, (is_read, rows) in read.items() if is_read}


class CategoryEmbedding(keras.layers.Layer):
    """What each code does to an event: a gate for the item's vector, and a vector of its own.

    Both begin at 0, so that a model starts as it would be without them.
    """

    def __init__(self, rows: int, width: int, name: str) -> None:
        super().__init__(name=name)
        self.rows, self.width = rows, width
        self.gate = self.add_weight(f"{name}_gate", [rows, width], initializer="zeros")
        self.vector = self.add_weight(f"{name}_vector", [rows, width], initializer="zeros")

    def call(self, codes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """``[…] int32`` to gates and vectors, ``[…, width]`` each; codes above all rows are read as the last."""
        codes = tf.minimum(codes, self.rows - 1)
        return tf.gather(self.gate, codes), tf.gather(self.vector, codes)

    def trimmed(self) -> "CategoryEmbedding":
        """The same in fewer rows: of the codes above the last that has learned anything, one stands for all."""
        gate, vector = self.gate.numpy(), self.vector.numpy()
        learned = np.flatnonzero(np.any(gate, axis=1) | np.any(vector, axis=1))
        rows = min(int(learned.max(initial=-1)) + 2, self.rows)
        fewer = CategoryEmbedding(rows, self.width, self.name)
        fewer.gate.assign(gate[:rows])
        fewer.vector.assign(vector[:rows])
        return fewer
