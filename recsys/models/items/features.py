"""What the features of items say, each a layer: the codes or vectors of all items, and what is learned of them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.features.encoded import EncodedFeature
from recsys.models.items.embedding import STDDEV
from recsys.models.keras import keras, tf


class FeatureShape(NamedTuple):
    """What a model must know of a feature to hold it.

    Attributes:
        values: codes run ``1..values``; 0 of vectors.
        width: codes an item, at most, or numbers of a vector.
    """

    values: int
    width: int


def shapes_of(features: Sequence[EncodedFeature]) -> list[FeatureShape]:
    """The shapes of encoded features, in their order."""
    return [FeatureShape(one.values, one.rows.shape[1]) for one in features]


def shapes_in(arrays: Mapping[str, npt.NDArray[Any]]) -> list[FeatureShape]:
    """The shapes of the features of a model whose arrays these are, as ``open_weights`` gives them."""
    shapes: list[FeatureShape] = []
    while (rows := arrays.get(f"feature_{len(shapes)}_rows:0")) is not None:
        values = len(arrays[f"feature_{len(shapes)}_table:0"]) - 1 if rows.dtype == np.int32 else 0
        shapes.append(FeatureShape(values, rows.shape[1]))
    return shapes


class CodedFeature(keras.layers.Layer):
    """The mean of the vectors of an item's values; zeros of an item that has none."""

    def __init__(self, number: int, rows: int, shape: FeatureShape, width: int) -> None:
        super().__init__(name=f"feature_{number}")
        zeros = {"trainable": False, "initializer": "zeros"}
        self.rows = self.add_weight(f"feature_{number}_rows", [rows, shape.width], dtype=tf.int32, **zeros)
        initializer = keras.initializers.RandomNormal(stddev=STDDEV)
        self.learned = self.add_weight(f"feature_{number}_table", [1 + shape.values, width], initializer=initializer)

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        codes = tf.gather(self.rows, ids)
        real = tf.cast(codes > 0, tf.float32)
        total = 0.0
        for one in range(codes.shape[1]):  # one after another: of a large catalog all at once would not fit
            total += tf.gather(self.learned, codes[:, one]) * real[:, one, None]
        return total / tf.maximum(tf.reduce_sum(real, 1), 1.0)[:, None]


class VectorFeature(keras.layers.Layer):
    """A linear projection of an item's vector."""

    def __init__(self, number: int, rows: int, shape: FeatureShape, width: int) -> None:
        super().__init__(name=f"feature_{number}")
        self.rows = self.add_weight(f"feature_{number}_rows", [rows, shape.width], trainable=False, initializer="zeros")
        initializer = keras.initializers.RandomNormal(stddev=STDDEV)
        self.learned = self.add_weight(f"feature_{number}_kernel", [shape.width, width], initializer=initializer)

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        return tf.matmul(tf.gather(self.rows, ids), self.learned)
