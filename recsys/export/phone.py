"""The recommender as a phone runs it: the trained layers over compact tables, one fixed shape a signature."""

from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.export.item_tables import ItemTable
from recsys.export.memory_tables import Memory
from recsys.models.attention import MASKED
from recsys.models.keras import tf
from recsys.models.memory import TransitionMemory
from recsys.models.positions import LearnedPositions
from recsys.models.sasrec import SASRec
from recsys.schema import PAD_ID

EXPLAINED = 50  # newest events that explain weighs


class PhoneMemory(TransitionMemory):
    """``trained``'s attention over a table of another encoding and depth."""

    def __init__(self, trained: TransitionMemory, table: Memory) -> None:
        config = trained.config.model_copy(update={"neighbours": table.depth})
        super().__init__(config, trained.width, trained.table_size)
        self.table = table
        self.query, self.key, self.confidence = trained.query, trained.key, trained.confidence
        self.age_bias, self.log_scale, self.gain = trained.age_bias, trained.log_scale, trained.gain
        self.built = True

    def make_table(self, table_size: int, kept: int) -> None:
        """None: a catalogue's worth of zeros would be saved with every signature."""

    def read(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return self.table.rows(ids)


class CodedPositions(LearnedPositions):
    """Learned positions read from a table of another encoding."""

    def __init__(self, table: ItemTable) -> None:
        super().__init__(0, 0)
        self.coded, self.built = table, True

    def call(self, positions: tf.Tensor) -> tf.Tensor:
        return self.coded.rows(positions)


class PhoneModel(SASRec):
    """``model``'s layers, reading items from ``items`` and transitions from ``memory``.

    Args:
        model: the trained recommender.
        memory: None leaves the transition memory out, even where the model has one.
        positions: a table to read learned positions from; None reads the model's own.

    Attributes:
        constants: what the tables store, by the names they bear in the file.
    """

    def __init__(
        self, model: SASRec, items: ItemTable, memory: Memory | None, positions: ItemTable | None = None
    ) -> None:
        config = model.config if memory else model.config.model_copy(update={"memory": None})
        super().__init__(config, model.table_size)
        self.items = items
        self.learned_positions = CodedPositions(positions) if positions else model.learned_positions
        self.blocks, self.final_norm = model.blocks, model.final_norm
        if memory is not None and model.memory is not None:
            self.memory = PhoneMemory(model.memory, memory)
        tables = {"items": items, "positions": positions, "memory": memory}
        self.constants: dict[str, npt.NDArray[Any]] = {
            f"{table}/{name}": values
            for table, one in tables.items()
            if one is not None
            for name, values in one.constants.items()
        }
        self.built = True

    def lookup(self, ids: tf.Tensor) -> tf.Tensor:
        return self.items.rows(ids)

    def mask(self, segments: tf.Tensor) -> tf.Tensor:
        columns = _not_constant(tf.range(segments.shape[1]), segments)
        past = tf.where(columns[None, :] > columns[:, None], MASKED, 0.0)  # [query, key]
        real = tf.where(tf.equal(segments, 0), MASKED, 0.0)
        return past[None, None] + real[:, None, None, :]

    def score_all(self, history: tf.Tensor) -> tf.Tensor:
        every = _not_constant(tf.range(self.table_size), history)
        query = self.encode(history)
        scores = tf.matmul(query, self.lookup(every), transpose_b=True)
        if self.memory is None:
            return scores
        ids, weights = self._read(self.memory, query, history)
        return scores + self.memory.logits(query, self.memory.support_all(weights, ids))

    def explain(self, history: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """How much each of the newest events adds to each candidate's score.

        The attribution of an event is what the score loses when the event had not happened: the history without
        it is scored, so nothing is approximated.

        Args:
            history: ``[1, length] int32``; candidates: ``[1, n] int32``.

        Returns:
            ``[n, min(length, EXPLAINED)] float32``, oldest first; 0 for padding.
        """
        length, count = history.shape[1], min(history.shape[1], EXPLAINED)
        removed = np.arange(length - count, length)[:, None]  # [count, 1]
        columns = np.arange(length)[None, :]
        # Event r gone, what was before it moves up: column c holds c where c > r, else c - 1 (-1 is padding).
        source = np.where(columns > removed, columns, columns - 1) + 1  # in the history with one pad before it
        padded = tf.pad(history[0], [[1, 0]], constant_values=PAD_ID)
        without = tf.gather(padded, source.astype(np.int32))  # [count, length]
        histories = tf.concat([history, without], 0)
        scores = self.score(histories, tf.tile(candidates, [count + 1, 1]))  # [1 + count, n]
        real = tf.cast(tf.not_equal(history[0, length - count :], PAD_ID), tf.float32)
        return tf.transpose((scores[:1] - scores[1:]) * real[:, None])


def _not_constant(x: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """``x`` itself, made to depend on an input: the converter would else work out what follows, and store it."""
    return x + tf.minimum(ids[0, 0], 0)
