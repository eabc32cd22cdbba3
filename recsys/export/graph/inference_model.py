"""The recommender as a phone runs it: the trained parts over compact tables."""

from typing import Any, NamedTuple

import numpy.typing as npt

from recsys.export.graph.item_tables import StoredItems
from recsys.export.graph.memory_tables import StoredTransitions
from recsys.models.keras import tf
from recsys.models.memory import TransitionMemory
from recsys.models.positions import LearnedPositions
from recsys.models.sasrec import SASRec


class StoredPositions(LearnedPositions):
    """Learned positions read from a table of another encoding."""

    def __init__(self, table: StoredItems) -> None:
        super().__init__(table.rows, table.width)
        self.stored, self.built = table, True

    def call(self, positions: tf.Tensor) -> tf.Tensor:
        return self.stored.lookup(positions)


class Tables(NamedTuple):
    """What a phone reads.

    Attributes:
        memory: None leaves the transition memory out, even where the model has one.
        positions: of learned positions; None reads the model's own.
    """

    items: StoredItems
    memory: StoredTransitions | None = None
    positions: StoredItems | None = None

    def constants(self) -> dict[str, npt.NDArray[Any]]:
        """What the tables store, by the names it bears in the file."""
        stored = {name: table.constants for name, table in self._asdict().items() if table is not None}
        return {f"{name}/{part}": values for name, parts in stored.items() for part, values in parts.items()}


def inference_model(model: SASRec, tables: Tables) -> SASRec:
    """``model``, reading ``tables`` instead of what it was trained with."""
    learned = StoredPositions(tables.positions) if tables.positions else model.events.positions
    memory = None
    if tables.memory is not None and model.memory is not None:
        memory = TransitionMemory(model.memory.attention, tables.memory, tables.items.rows)
    config = model.config if memory else model.config.model_copy(update={"memory": None})
    events = model.events.over(tables.items, learned).trimmed()
    return SASRec(config, events, model.blocks, model.final_norm, memory)
