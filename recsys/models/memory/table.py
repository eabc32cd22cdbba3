"""The table of transitions that a memory reads."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from recsys.models.keras import keras, tf
from recsys.sequences.transitions import Transitions


class TransitionTable(Protocol):
    """Where each item leads to, in some encoding.

    Attributes:
        depth: most neighbours that an item has.
    """

    depth: int

    def read(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """``[batch, newest] int32`` to neighbours ``[batch, newest, depth] int32`` and their shares."""


class CountedTransitions(keras.layers.Layer):
    """A ``TransitionTable`` of counts, as training has it.

    Args:
        rows: of the item table.
        depth: neighbours kept an item.
        normalization: what counts are divided by is their row's total to this power: 1 makes them probabilities, less
            gives more weight to rows that much is known of.
        prefix: of its variables' names.
    """

    def __init__(self, rows: int, depth: int, normalization: float = 1.0, prefix: str = "") -> None:
        super().__init__(name=f"{prefix}transitions")
        self.rows, self.depth, self.normalization = rows, depth, normalization
        self.added = 0  # rows at the end that came after counting
        self.is_related = False  # whether shares may be as faint beside the others of their row as relations are
        constant = {"trainable": False, "initializer": "zeros"}
        self.neighbours = self.add_weight(f"{prefix}neighbours", [rows, depth], dtype=tf.int32, **constant)
        self.counts = self.add_weight(f"{prefix}counts", [rows, depth], **constant)
        self.divisors = self.add_weight(f"{prefix}divisors", [rows], trainable=False, initializer="ones")

    def assign(self, transitions: Transitions) -> None:
        """Take the counted transitions as the table that is read."""
        divisors = (np.maximum(transitions.totals, 1e-6) ** self.normalization).astype(np.float32)
        self.assign_rows(transitions.neighbours, transitions.weights, divisors)

    def assign_rows(
        self, neighbours: npt.NDArray[np.int32], counts: npt.NDArray[np.float32], divisors: npt.NDArray[np.float32]
    ) -> None:
        """Take these rows, ``[rows, depth]`` and ``[rows]``, whose counts have what they are divided by."""
        self.neighbours.assign(neighbours)
        self.counts.assign(counts)
        self.divisors.assign(divisors)

    def read(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        divisors = tf.gather(self.divisors, ids)[..., None]
        return tf.gather(self.neighbours, ids), tf.gather(self.counts, ids) / divisors

    def columns(self, ids: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        """Dense transition counts between two lists of items.

        Args:
            ids: ``[n] int32`` items gone from; columns: ``[m] int32``, distinct or not, gone to.

        Returns:
            ``[n, m] float32``.
        """
        count = tf.shape(columns)[0]
        # A column that stands twice is filled once and copied by the gather below.
        place = tf.tensor_scatter_nd_update(tf.fill([self.rows], -1), columns[:, None], tf.range(count))
        rows = tf.gather(place, tf.gather(self.neighbours, ids))  # [n, depth]
        owner = tf.broadcast_to(tf.range(tf.shape(ids)[0])[:, None], tf.shape(rows))
        flat = tf.where(rows >= 0, owner * count + rows, -1)  # negative segments are dropped
        summed = tf.math.unsorted_segment_sum(
            tf.reshape(tf.gather(self.counts, ids), [-1]), tf.reshape(flat, [-1]), tf.shape(ids)[0] * count
        )
        return tf.gather(tf.reshape(summed, [-1, count]), tf.gather(place, columns), axis=1)
