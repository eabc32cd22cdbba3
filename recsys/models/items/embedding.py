"""The item embedding: one object, whatever holds its rows."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from recsys.core.schema import PAD_ID
from recsys.models.keras import keras, tf

STDDEV = 0.02  # of first vectors


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
    """An ``ItemEmbedding`` that learns.

    Args:
        drawn: begin with random vectors; else with zeros, which somebody assigns others to.
    """

    def __init__(self, rows: int, width: int, name: str = "items", *, drawn: bool = True) -> None:
        super().__init__(name=name)
        self.rows, self.width = rows, width
        initializer = keras.initializers.RandomNormal(stddev=STDDEV) if drawn else "zeros"
        self._vectors = self.add_weight("item_table", [rows, width], initializer=initializer)

    def lookup(self, ids: tf.Tensor) -> tf.Tensor:
        return tf.gather(self._vectors, ids)

    def table(self, ids: tf.Tensor | None = None) -> tf.Tensor:
        return self._vectors

    @property
    def trained_ids(self) -> npt.NDArray[np.int32]:
        """What a target may be told apart from, ``[n] int32``: every row that can have an event that trains."""
        return np.arange(1, self.rows, dtype=np.int32)

    @property
    def row_variables(self) -> list[tf.Variable]:
        """The variables that hold a row for each item; what else there is fits any catalog."""
        return [self._vectors]

    @property
    def value_variables(self) -> list[tf.Variable]:
        """The variables that hold a row for each value of a feature, to which later items may add some."""
        return []

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
