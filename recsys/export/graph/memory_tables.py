"""How a phone holds the transition memory: as few bytes as the scores allow."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from recsys.export.graph.memory_budget import kept_entries
from recsys.models.keras import tf
from recsys.models.memory import TransitionTable

STEPS, OCTAVE = 16, 4  # of a share below its row's largest: how many, and how many halve it
HALF = OCTAVE // 2
# Where shares may be fainter than those reach, the last steps are wider, and go down to a thousandth of the largest.
FAINT = np.array([*range(12), 14, 20, 28, 40], np.float32)
HIGHEST = 16 * OCTAVE  # steps from 1 up to what a row's largest may be at most: counts that are no probabilities
PACKED_IDS = 4096  # internal ids below this leave room for a step in two bytes
GROUP = 16  # rows that share a start; a row's own follows from the lengths before it
SHORT = 32768  # two-byte numbers are stored less this much, to use the sign


class StoredTransitions(TransitionTable, Protocol):
    """A ``TransitionTable`` whose rows are constants in some encoding.

    Attributes:
        constants: what the file stores, by the names it bears there.
    """

    constants: dict[str, npt.NDArray[Any]]


class ExactMemory:
    """Neighbours and shares as they were counted."""

    def __init__(self, neighbours: npt.NDArray[np.int32], shares: npt.NDArray[np.float32]) -> None:
        self.depth = neighbours.shape[1]
        self.constants: dict[str, npt.NDArray[Any]] = {"neighbours": neighbours, "shares": shares}
        self.neighbours, self.shares = tf.constant(neighbours), tf.constant(shares)

    def read(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.gather(self.neighbours, ids), tf.gather(self.shares, ids)


class CompactMemory:
    """The transitions of the whole catalog that tell most, in two bytes each where it has up to 4,095 items, else in
    five.

    Rows are of different lengths, end to end: frequent items, whose rows are read most, keep more. A share is
    one of 16 steps of a quarter of an octave below its row's largest, itself rounded up to half an octave: the
    logarithm that the score takes of it hides the rounding. Small catalogs keep 12 bits of id above the 4 bits of
    the step. A row's neighbours stand in the order of their ids, which no night's counting changes. What is fainter
    than the last step is read as that: a thirteenth of its row's largest, or, where relations are in the table, a
    thousandth; little trust must not be rounded up.

    Args:
        neighbours: ``[rows, trained] int32``.
        counts: ``[rows, trained] float32``, 0 where a row has no more neighbours.
        divisors: ``[rows] float32``, what each row's counts are divided by.
        average: transitions to keep an item, on average; None keeps all.
        added: rows at the end that came after counting. Each keeps its ``average`` heaviest entries, and as many that
            lead to it; what the others keep between them does not depend on any.
        is_related: whether relations are in the table, whose shares may be faint.
    """

    def __init__(
        self,
        neighbours: npt.NDArray[np.int32],
        counts: npt.NDArray[np.float32],
        divisors: npt.NDArray[np.float32],
        average: int | None,
        added: int = 0,
        is_related: bool = False,
    ) -> None:
        kept = counts > 0 if average is None else kept_entries(neighbours, counts, divisors, average, added)
        row, place = np.nonzero(kept)
        order = np.lexsort((neighbours[row, place], row))
        row, place = row[order], place[order]
        ids, below = neighbours[row, place], HIGHEST - OCTAVE * np.log2(counts[row, place] / divisors[row])
        lengths = np.bincount(row, minlength=len(counts))
        self.depth = max(int(lengths.max()), 1)
        least = np.full(len(counts), np.inf)
        np.minimum.at(least, row, below)
        # The next half octave above: tomorrow's largest does not move every step of its row.
        least = np.clip(np.where(lengths > 0, np.floor(least / HALF) * HALF, 0), 0, 254)
        self._levels = FAINT if is_related else None
        steps = _steps(below - least[row], self._levels)
        if not len(ids):
            ids, steps = np.zeros(1, np.int32), np.zeros(1, np.int32)
        self.last = len(ids) - 1
        grouped = np.pad(lengths, (0, -len(lengths) % GROUP)).reshape(-1, GROUP)
        self.constants: dict[str, npt.NDArray[Any]] = {
            "starts": _short(np.cumsum(grouped.sum(1)) - grouped.sum(1)),
            "lengths": grouped.astype(np.uint8 if lengths.max(initial=0) < 256 else np.int32),
            "largest": least.astype(np.uint8),
        }
        if ids.max() < PACKED_IDS:
            self.constants["packed"] = _short(ids * STEPS + steps)
        else:
            self.constants |= {"neighbours": ids.astype(np.int32), "steps": steps.astype(np.uint8)}
        self._tensors = {name: tf.constant(values) for name, values in self.constants.items()}

    def read(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        place = tf.range(self.depth)
        first, length = self._runs(ids)
        inside = place < length[..., None]
        places = tf.minimum(first[..., None] + place, self.last)
        if "packed" in self.constants:
            both = tf.cast(self._numbers("packed", places), tf.float32)
            high = tf.floor(both / STEPS)
            neighbours, steps = tf.cast(high, tf.int32), both - STEPS * high
        else:
            neighbours = self._numbers("neighbours", places)
            steps = tf.cast(tf.gather(self._tensors["steps"], places), tf.float32)
        if self._levels is not None:
            steps = tf.gather(tf.constant(self._levels), tf.cast(steps, tf.int32))
        below = steps + tf.cast(tf.gather(self._tensors["largest"], ids), tf.float32)[..., None]
        return neighbours, tf.where(inside, tf.exp((below - HIGHEST) * (-float(np.log(2)) / OCTAVE)), 0.0)

    def _runs(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Where each row begins, after the earlier ones of its group, and how long it is; both ``[…] int32``."""
        group, within = tf.math.floordiv(ids, GROUP), tf.math.floormod(ids, GROUP)[..., None]
        lengths = tf.cast(tf.gather(self._tensors["lengths"], group), tf.int32)  # [..., GROUP]
        member = tf.range(GROUP)
        before = tf.reduce_sum(tf.where(member < within, lengths, 0), -1)
        own = tf.reduce_sum(tf.where(tf.equal(member, within), lengths, 0), -1)
        return self._numbers("starts", group) + before, own

    def _numbers(self, name: str, places: tf.Tensor) -> tf.Tensor:
        """int32 values of a constant that may be stored in two bytes."""
        values = tf.gather(self._tensors[name], places)
        return values if values.dtype == tf.int32 else tf.cast(values, tf.int32) + SHORT


def _steps(below: npt.NDArray[np.float64], levels: npt.NDArray[np.float32] | None) -> npt.NDArray[np.int32]:
    """The nearest step of each distance below a row's largest, in steps of an octave; by its place in ``levels``."""
    if levels is None:
        return np.clip(np.round(below), 0, STEPS - 1).astype(np.int32)
    return np.searchsorted((levels[1:] + levels[:-1]) / 2, below).astype(np.int32)


def _short(values: npt.NDArray[np.integer]) -> npt.NDArray[Any]:
    """Non-negative ``values`` in two bytes less ``SHORT`` where they fit, else in four."""
    if values.max() < 2 * SHORT:
        return (values - SHORT).astype(np.int16)
    return values.astype(np.int32)
