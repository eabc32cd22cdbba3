"""Items by what they are: the item embedding is the sum of an item's own vector and of what its features say.

An item that no event trains has no vector of its own, only its features. In training an item's own vector is left out
now and then, so that features learn to stand alone (after DropoutNet: Volkovs et al., 2017). A phone knows none of
this: all is folded into one table.
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


class FeaturedItems(TrainedItems):
    """``TrainedItems`` with features; a step computes those of the rows that it reads."""

    def __init__(self, rows: int, width: int, shapes: Sequence[FeatureShape]) -> None:
        super().__init__(rows, width)
        self._trained = self.add_weight("trained_items", [rows], trainable=False, initializer="ones")
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

    @property
    def trained_ids(self) -> npt.NDArray[np.int32]:
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
        """``ids [n]`` to ``[n, width]``; of the own part the share ``kept [n]``, by default all."""
        own = self._own(ids)
        return self._described(ids) + (own if kept is None else own * kept[:, None])

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
        starts = range(0, self.rows, CHUNK)
        return np.concatenate([rows_of(tf.range(a, min(a + CHUNK, self.rows))).numpy() for a in starts])


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
