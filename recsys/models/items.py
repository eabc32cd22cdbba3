"""The item embedding: one object, whatever holds its rows."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from recsys.core.schema import PAD_ID
from recsys.models.keras import keras, tf


class ItemEmbedding(Protocol):
    """A vector for each item.

    Attributes:
        rows: of the table: padding, items, out-of-vocabulary buckets.
        width: of each row.
    """

    rows: int
    width: int

    def lookup(self, ids: tf.Tensor) -> tf.Tensor:
        """``[…] int32`` to ``[…, width]``."""

    def table(self, ids: tf.Tensor) -> tf.Tensor:
        """Every row, ``[rows, width]``.

        Args:
            ids: ``[batch, n] int32``, an input of the graph: a compressed table must not be unpacked by a converter.
        """


class TrainedItems(keras.layers.Layer):
    """An ``ItemEmbedding`` that learns."""

    def __init__(self, rows: int, width: int, name: str = "items") -> None:
        super().__init__(name=name)
        self.rows, self.width = rows, width
        initializer = keras.initializers.RandomNormal(stddev=0.02)
        self._vectors = self.add_weight("item_table", [rows, width], initializer=initializer)

    def lookup(self, ids: tf.Tensor) -> tf.Tensor:
        return tf.gather(self._vectors, ids)

    def table(self, ids: tf.Tensor | None = None) -> tf.Tensor:
        return self._vectors

    @property
    def row_variables(self) -> list[tf.Variable]:
        """The variables that hold a row for each item; what else there is fits any catalog."""
        return [self._vectors]

    def vectors(self) -> npt.NDArray[np.float32]:
        """Every row, ``[rows, width]``."""
        vectors: npt.NDArray[np.float32] = self._vectors.numpy()
        return vectors

    def assign(self, vectors: npt.NDArray[np.float32]) -> None:
        """Take other rows, ``[rows, width]``."""
        self._vectors.assign(vectors)


def embed(items: ItemEmbedding, ids: tf.Tensor) -> tf.Tensor:
    """Item vectors as the blocks and the memory read them: scaled, and zero for padding; ``[…]`` to ``[…, width]``."""
    real = tf.cast(tf.not_equal(ids, PAD_ID), tf.float32)
    return items.lookup(ids) * (real * items.width**0.5)[..., None]
