"""What is known to go together, as a second source of the transition memory.

A row of relations is read where a row of transitions is, and counts as so many shares more: how many is learned, one
number for all. A phone knows none of this: both sources are folded into one table.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.models.keras import keras, tf
from recsys.models.memory.table import CountedTransitions
from recsys.sequences.pairs import sum_by_key
from recsys.sequences.relations import RelatedShares
from recsys.sequences.transitions import keep_heaviest

INITIAL_TRUST = 0.1  # of a relation's share beside a share of what was counted
RESERVED = 4  # a row has one place in so many for relations to what nothing counted leads to
PREFIX = "related_"


class RelatedTransitions(keras.layers.Layer):
    """A ``TransitionTable`` of counts and of relations, as training has it.

    Args:
        counted: what people went on to.
        depth: relations of an item, at most.
    """

    def __init__(self, counted: CountedTransitions, depth: int, name: str = "related") -> None:
        super().__init__(name=name)
        self.counted, self.depth = counted, counted.depth + depth
        self.related = CountedTransitions(counted.rows, depth, prefix=PREFIX)
        trust = keras.initializers.Constant(np.log(INITIAL_TRUST))
        self.log_trust = self.add_weight(f"{PREFIX}log_trust", [], initializer=trust)

    @property
    def trust(self) -> tf.Tensor:
        """What a relation's share is multiplied by, above 0."""
        return tf.exp(self.log_trust)

    def assign(self, shares: RelatedShares) -> None:
        """Take these relations, as wide as the table."""
        divisors = np.ones(self.counted.rows, np.float32)
        self.related.assign_rows(shares.neighbours, shares.shares, divisors)

    def read(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        (items, shares), (others, told) = self.counted.read(ids), self.related.read(ids)
        return tf.concat([items, others], -1), tf.concat([shares, told * self.trust], -1)

    def folded(self) -> CountedTransitions:
        """One table of both sources: a row keeps as many as the memory keeps of what was counted, the heaviest.

        So a phone's memory is no larger than without relations, and says the same wherever both fit into a row. Where
        they do not, the strongest relations to items that nothing counted leads to stay first, in a quarter of a row's
        places: such an item has nothing else.
        """
        counted, rows = self.counted, self.counted.rows
        neighbours, counts = counted.neighbours.numpy(), counted.counts.numpy()
        # Where nothing was counted, the divisor stands for nothing.
        divisors = np.where(counts.any(1), counted.divisors.numpy(), 1.0).astype(np.float32)
        told = self.related.counts.numpy() * float(self.trust.numpy()) * divisors[:, None]
        keys, sums = _summed([(neighbours, counts), (self.related.neighbours.numpy(), told)], rows)
        is_met = np.zeros(rows, np.bool_)
        is_met[neighbours[counts > 0]] = True
        kept = _fitting(keys // rows, sums, ~is_met[keys % rows], counted.depth)
        both = keep_heaviest(keys[kept], sums[kept], rows, counted.depth)
        table = CountedTransitions(rows, both.neighbours.shape[1], counted.normalization)
        table.assign_rows(both.neighbours, both.weights, divisors)
        table.is_related = True
        return table


def _summed(
    sources: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]], rows: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Keys ``row * rows + neighbour`` of all sources' entries, and the sums of what stands beside each."""
    keys, values = [], []
    for neighbours, shares in sources:
        row, place = np.nonzero(shares)
        keys.append(row * np.int64(rows) + neighbours[row, place])
        values.append(shares[row, place].astype(np.float64))
    return sum_by_key(np.concatenate(keys), np.concatenate(values))


def _fitting(
    row: npt.NDArray[np.int64], weights: npt.NDArray[np.float64], is_unmet: npt.NDArray[np.bool_], depth: int
) -> npt.NDArray[np.bool_]:
    """Which entries find a place among the ``depth`` of their row: ``[n]``; ``row`` is ascending."""
    reserved = is_unmet & (_place_in_row(row, -weights, ~is_unmet) < max(depth // RESERVED, 1))
    return _place_in_row(row, -weights, ~reserved) < depth


def _place_in_row(row: npt.NDArray[np.int64], *order: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Each entry's place, from 0, among those of its row by ``order``, the last of which counts most."""
    sorted_by = np.lexsort((*order, row))
    place = np.empty(len(row), np.int64)
    place[sorted_by] = np.arange(len(row)) - np.searchsorted(row, row)
    return place


def related_depth(arrays: Mapping[str, npt.NDArray[Any]]) -> int:
    """How many relations an item has, at most, in a model whose arrays these are; 0 of one that has none."""
    rows = arrays.get(f"{PREFIX}neighbours:0")
    return 0 if rows is None else rows.shape[1]
