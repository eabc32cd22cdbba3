"""Items by what they are: the item embedding is the sum of an item's own vector and of what its features say.

An item that no event trains has no vector of its own, only its features. In training an item's own vector is left out
now and then, so that features learn to stand alone (after DropoutNet: Volkovs et al., 2017). What own vectors of alike
items have in common all the same is found afterwards, and stands for the missing ones. A phone knows none of this: all
is folded into one table.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.schema import PAD_ID
from recsys.features.encoded import EncodedFeature
from recsys.models.dropout import chosen
from recsys.models.items.embedding import ItemEmbedding, TrainedItems
from recsys.models.items.features import CodedFeature, FeatureShape, VectorFeature
from recsys.models.keras import tf

CHUNK = 65_536  # rows that are folded at once
RIDGE = 1e-3  # of the mean square of what own vectors are told from


class FeaturedItems(TrainedItems):
    """``TrainedItems`` with features; a step computes those of the rows that it reads."""

    def __init__(self, rows: int, width: int, shapes: Sequence[FeatureShape]) -> None:
        super().__init__(rows, width)
        self._trained_ids: npt.NDArray[np.int32] | None = None  # of ``_trained``, which a graph cannot look at
        constant = {"trainable": False, "initializer": "zeros"}
        self._trained = self.add_weight("trained_items", [rows], trainable=False, initializer="ones")
        self._missing_kernel = self.add_weight("missing_kernel", [width, width], **constant)
        self._missing_bias = self.add_weight("missing_bias", [width], **constant)
        self.features = [
            (CodedFeature if shape.values else VectorFeature)(number, rows, shape, width)
            for number, shape in enumerate(shapes)
        ]

    def describe(self, features: Sequence[EncodedFeature], trained: npt.NDArray[np.bool_]) -> None:
        """Take what is known of each item.

        Args:
            features: by internal id, of the shapes that this was made for.
            trained: ``[rows] bool``, which items have events that train.
        """
        for layer, one in zip(self.features, features, strict=True):
            layer.rows.assign(one.rows)
        self._trained.assign(trained)
        self._trained_ids = np.flatnonzero(trained).astype(np.int32)

    def learn_as(self, other: "FeaturedItems") -> None:
        """Take over what ``other`` has learned of the same features."""
        for ours, theirs in zip(self.features, other.features, strict=True):
            ours.learned.assign(theirs.learned)
        self._missing_kernel.assign(other._missing_kernel)
        self._missing_bias.assign(other._missing_bias)

    def complete(self, scale: float = 1.0) -> None:
        """Find what own vectors are to be expected of items that have none, from what has been learned.

        Both parts of an item learn what items of its features have in common, so an item of features alone would stand
        behind all of its kind. What an own vector is by its features, by ridge regression, is added to it.

        Args:
            scale: of the whole vector of an item that no event trains.
        """
        size = self.width + 1  # of what an own vector is told from: the features' vector, and a constant
        square, both = np.zeros((size, size)), np.zeros((size, self.width))
        for first in range(0, len(self.trained_ids), CHUNK):
            ids = tf.constant(self.trained_ids[first : first + CHUNK])
            described, own = (part.numpy().astype(np.float64) for part in (self._described(ids), self._own(ids)))
            told = np.column_stack([described, np.ones(len(described))])
            square += told.T @ told
            both += told.T @ own
        ridge = RIDGE * np.trace(square) / size * np.eye(size)
        expected = np.linalg.solve(square + ridge, both)
        self._missing_kernel.assign(scale * expected[:-1] + (scale - 1.0) * np.eye(self.width))
        self._missing_bias.assign(scale * expected[-1])

    @property
    def trained_ids(self) -> npt.NDArray[np.int32]:
        if self._trained_ids is None:  # the weights were loaded
            self._trained_ids = np.flatnonzero(self._trained.numpy()).astype(np.int32)
        return self._trained_ids

    @property
    def value_variables(self) -> list[tf.Variable]:
        return [layer.learned for layer in self.features if isinstance(layer, CodedFeature)]

    def lookup(self, ids: tf.Tensor) -> tf.Tensor:
        return self._lookup(ids, self.parts)

    def table(self, ids: tf.Tensor | None = None) -> tf.Tensor:
        return self.parts(tf.range(self.rows))

    def vectors(self) -> npt.NDArray[np.float32]:
        """Every row, its own part and its features folded, ``[rows, width]``."""
        return self._in_chunks(self.parts)

    def own_vectors(self) -> npt.NDArray[np.float32]:
        """Every row's own part, zeros of items that no event trains: ``[rows, width]``."""
        return self._in_chunks(self._own)

    def feature_vectors(self) -> npt.NDArray[np.float32]:
        """Every row's features alone, ``[rows, width]``."""
        return self._in_chunks(self._described)

    def dropping(self, rate: float, seed: tf.Tensor) -> ItemEmbedding:
        """The same items in a step of training: a share ``rate`` of them is known by the features alone.

        Args:
            seed: ``[2] int32``, the step's own; it decides which items, wherever the step reads them.
        """
        return _Dropping(self, rate, seed)

    def parts(self, ids: tf.Tensor, kept: tf.Tensor | None = None) -> tf.Tensor:
        """``ids [n]`` to ``[n, width]``; of the own part the share ``kept [n]``, as a step of training has it.

        Without ``kept`` all of it, and what is to be expected of items that have none.
        """
        own, described = self._own(ids), self._described(ids)
        if kept is not None:
            return described + own * kept[:, None]
        missing = tf.matmul(described, self._missing_kernel) + self._missing_bias
        return described + own + missing * self._lacking(ids)

    def split(self, ids: tf.Tensor) -> tf.Tensor:
        """What items' vectors are made of, ``ids [n]`` to ``[n, 1 + features, width]``; these add up to ``parts``.

        The own part is the first; what is to be expected of items that have none goes to the features it is told from.
        """
        lacking = self._lacking(ids)
        each = [layer(ids) for layer in self.features]
        each = [one + tf.matmul(one, self._missing_kernel) * lacking for one in each]
        return tf.stack([self._own(ids) + self._missing_bias * lacking, *each], 1)

    def _lacking(self, ids: tf.Tensor) -> tf.Tensor:
        """1 of items that no event trains, else 0: ``[n]`` to ``[n, 1]``."""
        real = tf.cast(tf.not_equal(ids, PAD_ID), tf.float32)
        return ((1.0 - tf.gather(self._trained, ids)) * real)[:, None]

    def _own(self, ids: tf.Tensor) -> tf.Tensor:
        return tf.gather(self._vectors, ids) * tf.gather(self._trained, ids)[:, None]

    def _described(self, ids: tf.Tensor) -> tf.Tensor:
        return tf.add_n([layer(ids) for layer in self.features])

    def _lookup(self, ids: tf.Tensor, rows_of: Any) -> tf.Tensor:
        """``[…] int32`` to ``[…, width]``: features are computed once for an item, however often it is read."""
        distinct, place = tf.unique(tf.reshape(ids, [-1]))
        found = tf.gather(rows_of(distinct), tf.reshape(place, tf.shape(ids)))
        return tf.ensure_shape(found, [*ids.shape, self.width])

    def _in_chunks(self, rows_of: Any) -> npt.NDArray[np.float32]:
        found = np.empty((self.rows, self.width), np.float32)
        for first in range(0, self.rows, CHUNK):
            found[first : first + CHUNK] = rows_of(tf.range(first, min(first + CHUNK, self.rows))).numpy()
        return found


class _Dropping:
    """An ``ItemEmbedding`` of ``FeaturedItems.dropping``."""

    def __init__(self, items: FeaturedItems, rate: float, seed: tf.Tensor) -> None:
        self.items, self.rate, self.seed = items, rate, seed
        self.rows, self.width = items.rows, items.width

    def lookup(self, ids: tf.Tensor) -> tf.Tensor:
        return self.items._lookup(ids, self._parts)

    def table(self, ids: tf.Tensor) -> tf.Tensor:
        return self._parts(tf.range(self.rows))

    def _parts(self, ids: tf.Tensor) -> tf.Tensor:
        return self.items.parts(ids, 1.0 - tf.cast(chosen(ids, self.rate, self.seed), tf.float32))


def trained_rows(counts: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.bool_]:
    """Which rows of an item table have events that train, by their number: ``[rows]``; padding has none."""
    trained = counts > 0
    trained[PAD_ID] = False
    return trained
