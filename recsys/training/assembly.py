"""A model and the batches that it learns from, put together from one stretch of every user's events."""

import numpy as np
import numpy.typing as npt

from recsys.config import Config
from recsys.data.dataset import Dataset
from recsys.data.transitions import count_transitions
from recsys.models.sasrec import SASRec, build_model
from recsys.training.batches import Batches


def assemble(config: Config, dataset: Dataset, ends: npt.NDArray[np.int64]) -> tuple[SASRec, Batches]:
    """A new model, its memory counted from the events before ``ends [users] int64``, and the batches of the same."""
    sequences, table = dataset.sequences, dataset.vocabulary.table_size
    memory, transitions = config.model.memory, None
    model = build_model(config.model, table)
    if memory is not None and model.memory is not None:
        starts = sequences.offsets[:-1]
        transitions = count_transitions(sequences.items, starts, ends, table, memory.window, memory.neighbours)
        model.memory.assign(transitions)
    items = len(dataset.vocabulary)
    return model, Batches(sequences, ends, config.model, config.training, items, transitions)
