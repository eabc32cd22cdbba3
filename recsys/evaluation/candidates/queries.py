"""What a model asks of a catalog after each history: the half of a score that needs TensorFlow."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.core.history import History
from recsys.models.events import history_spec
from recsys.models.keras import tf
from recsys.models.sasrec import SASRec

SHORTEST = 8  # events; a graph for still shorter histories would save less than making it costs


class Queries(NamedTuple):
    """``n`` histories as they are held against items.

    Attributes:
        vectors: ``[n, width] float32``, whose dot product with an item's vector is attention's part of the score.
        newest: ``[n, newest] int32``, the items that the memory listens to; none without a memory.
        attention: ``[n, newest] float32``, how much it listens to each.
        weights: ``[n, 1] float32``, how much the memory is listened to.
    """

    vectors: npt.NDArray[np.float32]
    newest: npt.NDArray[np.int32]
    attention: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]

    def rows(self, rows: slice) -> "Queries":
        """Those of some histories."""
        return Queries(self.vectors[rows], self.newest[rows], self.attention[rows], self.weights[rows])


def plain_queries(vectors: npt.NDArray[np.float32]) -> Queries:
    """Queries that are vectors and nothing else."""
    nothing = np.zeros((len(vectors), 0))
    return Queries(vectors, nothing.astype(np.int32), nothing.astype(np.float32), nothing.astype(np.float32))


class QueryEncoder:
    """Histories to ``Queries``; the memory's transitions are not kept.

    Args:
        model: its items' features folded.

    Attributes:
        lengths: of histories, ascending, that it takes: short ones need not be padded to the model's.
    """

    def __init__(self, model: SASRec) -> None:
        config = model.config
        least = max(SHORTEST, config.memory.newest if config.memory else 1)
        shorter = (config.max_length // part for part in (8, 4, 2))
        self.lengths = [*(length for length in shorter if length >= least), config.max_length]
        self._model = SASRec(config, model.events, model.blocks, model.final_norm, None)
        self._attention = None if model.memory is None else model.memory.attention
        self._graphs: dict[int, Callable[[History], Any]] = {}

    def spec(self, length: int) -> History:
        """The types of histories of ``length`` events."""
        return history_spec(self._model.config, None, length)

    def __call__(self, history: History) -> Queries:
        length = int(history.items.shape[1])
        if length not in self._graphs:
            self._graphs[length] = tf.function(self._encode).get_concrete_function(self.spec(length))
        return Queries(*(part.numpy() for part in self._graphs[length](history)))

    def _encode(self, history: History) -> list[tf.Tensor]:
        query = self._model.encode(history)
        if self._attention is None:
            empty = query[:, :0]
            return [query, tf.cast(empty, tf.int32), empty, empty]
        ids, attention = self._model.newest(self._attention, query, history)
        return [query, ids, attention, self._attention.weight(query)]
