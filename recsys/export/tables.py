"""How a phone holds the item table and the transition memory: as few bytes as the scores allow.

Every table reads only the rows it is asked for, so that a ranking costs the same in any catalogue.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from recsys.models.keras import tf


class ItemTable(Protocol):
    """Rows of the item table in some encoding."""

    def rows(self, ids: tf.Tensor) -> tf.Tensor:
        """``[…] int32`` to ``[…, width] float32``."""


@tf.function(experimental_implements="embedding_matmul")
def _embedding_lookup(table: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """Converted to EMBEDDING_LOOKUP, which reads only the rows it is asked for in every weight type."""
    return tf.gather(table, ids)


class FloatTable:
    """Plain floats."""

    def __init__(self, table: npt.NDArray[np.float32]) -> None:
        self.table = tf.constant(table)

    def rows(self, ids: tf.Tensor) -> tf.Tensor:
        flat = _embedding_lookup(self.table, tf.reshape(ids, [-1]))
        return tf.reshape(flat, [*ids.shape, self.table.shape[1]])


class CodedTable:
    """Integer codes with a scale of its own for every row, on a logarithmic grid, in the row's last byte.

    The grid makes a scale one byte, and keeps it the same from one night's training to the next while the row
    changes little, so that a delta between two bundles is small. Row bytes: ``width`` codes of 8 bits, or
    ``width / 2`` pairs of 4 bits (the high nibble holds the first half of the row), then the scale's step.

    Args:
        table: ``[rows, width] float32``.
        bits: 8 or 4.
    """

    def __init__(self, table: npt.NDArray[np.float32], bits: int) -> None:
        self.bits, self.width = bits, table.shape[1]
        codes, steps = encode_rows(table, bits)
        if bits == 4:
            half = self.width // 2
            codes = codes[:, :half] * 16 + codes[:, half:]
        self.packed = tf.constant(np.concatenate([codes, steps[:, None]], 1).astype(np.uint8))

    def rows(self, ids: tf.Tensor) -> tf.Tensor:
        packed = tf.cast(tf.gather(self.packed, ids), tf.float32)
        codes, steps = packed[..., :-1], packed[..., -1:]
        if self.bits == 4:
            high = tf.floor(codes / 16.0)
            codes = tf.concat([high, codes - 16.0 * high], -1)
        return (codes - float(ZERO[self.bits])) * tf.exp((steps - LARGEST_STEP) * STEP)


STEPS_AN_OCTAVE = 8
STEP = float(np.log(2) / STEPS_AN_OCTAVE)
LARGEST_STEP = 191.0  # scales from 2**-24 to 2**8
ZERO = {8: 128, 4: 8}  # codes are unsigned: this one stands for 0


def encode_rows(table: npt.NDArray[np.float32], bits: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Codes ``[rows, width]`` and scale steps ``[rows]``, both uint8.

    Of the scales at and below the one that clips nothing, each row takes the one with the least squared error: in
    4 bits it pays to clip a row's largest value for the sake of the others.
    """
    limit = ZERO[bits] - 1
    largest = np.maximum(np.abs(table).max(1), 1e-12) / limit
    ceiling = np.clip(np.ceil(np.log(largest) / STEP + LARGEST_STEP), 0, 255)
    best_error = np.full(len(table), np.inf)
    best_codes = np.zeros(table.shape, np.uint8)
    best_steps = np.zeros(len(table), np.uint8)
    for lower in range(STEPS_AN_OCTAVE + 1 if bits == 4 else 1):
        steps = np.maximum(ceiling - lower, 0)
        scales = np.exp((steps - LARGEST_STEP) * STEP)[:, None]
        codes = np.clip(np.round(table / scales), -limit, limit)
        error = np.square(codes * scales - table).sum(1)
        better = error < best_error
        best_error = np.where(better, error, best_error)
        best_steps = np.where(better, steps, best_steps).astype(np.uint8)
        best_codes = np.where(better[:, None], codes + ZERO[bits], best_codes).astype(np.uint8)
    return best_codes, best_steps


class ProductTable:
    """Product quantisation (Jégou et al., 2011): each row is a choice of one centroid in each of its parts.

    Args:
        codes: ``[rows, parts] uint8``.
        centroids: ``[parts, 256, width / parts] float32``, themselves held in 8 bits.
    """

    def __init__(self, codes: npt.NDArray[np.uint8], centroids: npt.NDArray[np.float32]) -> None:
        parts, choices, part_width = centroids.shape
        self.width = parts * part_width
        self.codes = tf.constant(codes)
        self.first = tf.constant(np.arange(parts, dtype=np.int32) * choices)
        self.centroids = CodedTable(centroids.reshape(parts * choices, part_width), 8)

    def rows(self, ids: tf.Tensor) -> tf.Tensor:
        chosen = tf.cast(tf.gather(self.codes, ids), tf.int32) + self.first
        return tf.reshape(self.centroids.rows(chosen), [*ids.shape, self.width])


class Memory(Protocol):
    """Rows of the transition memory in some encoding.

    Attributes:
        depth: neighbours kept an item.
    """

    depth: int

    def rows(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """``[batch, newest] int32`` to neighbours ``[batch, newest, kept] int32`` and their probabilities."""


class ExactMemory:
    """Neighbours and probabilities as they were counted."""

    def __init__(self, neighbours: npt.NDArray[np.int32], probabilities: npt.NDArray[np.float32]) -> None:
        self.depth = neighbours.shape[1]
        self.neighbours, self.probabilities = tf.constant(neighbours), tf.constant(probabilities)

    def rows(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.gather(self.neighbours, ids), tf.gather(self.probabilities, ids)


class CompactMemory:
    """The heaviest transitions of the whole catalogue, in two bytes each where it has up to 4,095 items, else in five.

    Rows are of different lengths, end to end: frequent items, whose rows are read most, keep more. A probability is
    one of 15 steps of half an octave below the largest's (step 15 is 0): the logarithm that the score takes of it hides
    the rounding. Small catalogues keep 12 bits of id above the 4 bits of the step.

    Args:
        neighbours: ``[rows, trained] int32``, heaviest first.
        counts: ``[rows, trained] float32``, what is heavy.
        totals: ``[rows] float32``, each row's count, kept or not.
        average: transitions to keep an item, on average; at most twice as many for one item.
    """

    def __init__(
        self,
        neighbours: npt.NDArray[np.int32],
        counts: npt.NDArray[np.float32],
        totals: npt.NDArray[np.float32],
        average: int,
    ) -> None:
        self.depth = min(neighbours.shape[1], 2 * average)
        kept = heaviest(counts[:, : self.depth], average * len(counts))
        probabilities = (counts / totals[:, None])[:, : self.depth][kept]
        ids = neighbours[:, : self.depth][kept]
        lengths = kept.sum(1)
        self.lengths = tf.constant(lengths.astype(np.uint8 if self.depth < 256 else np.int32))
        self.starts = tf.constant((np.cumsum(lengths) - lengths).astype(np.int32))
        self.last = max(len(ids) - 1, 0)
        # On the grid of the steps, so that tomorrow's largest does not move every other step.
        self.largest = float(2 ** (np.ceil(2 * np.log2(probabilities.max(initial=0.0) or 1.0)) / 2))
        steps = np.minimum(np.round(-2.0 * np.log2(probabilities / self.largest)), NOTHING).astype(np.int32)
        if not len(ids):
            ids, steps = np.zeros(1, np.int32), np.full(1, NOTHING, np.int32)
        if ids.max() < PACKED_IDS:
            self.packed: tf.Tensor | None = tf.constant((ids * 16 + steps - 32768).astype(np.int16))
        else:
            self.packed, self.neighbours = None, tf.constant(ids)
            self.steps = tf.constant(steps.astype(np.uint8))

    def rows(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        column = tf.range(self.depth)
        places = tf.minimum(tf.gather(self.starts, ids)[..., None] + column, self.last)
        inside = column < tf.cast(tf.gather(self.lengths, ids), tf.int32)[..., None]
        if self.packed is None:
            neighbours, steps = tf.gather(self.neighbours, places), tf.cast(tf.gather(self.steps, places), tf.float32)
        else:
            both = tf.cast(tf.gather(self.packed, places), tf.float32) + 32768.0
            high = tf.floor(both / 16.0)
            neighbours, steps = tf.cast(high, tf.int32), both - 16.0 * high
        probabilities = self.largest * tf.exp(steps * (-0.5 * float(np.log(2))))
        return neighbours, tf.where(inside & (steps < NOTHING), probabilities, 0.0)


def heaviest(counts: npt.NDArray[np.float32], most: int) -> npt.NDArray[np.bool_]:
    """The ``most`` largest positive counts, ``[rows, n] bool``; of equal ones the earlier rows' first."""
    order = np.argsort(-counts, axis=None, kind="stable")[:most]
    kept = np.zeros(counts.size, np.bool_)
    kept[order] = True
    return kept.reshape(counts.shape) & (counts > 0)


NOTHING = 15  # the step that stands for a probability of 0, and for all that are too small
PACKED_IDS = 4096
