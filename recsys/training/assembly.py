"""A model and the batches that it learns from, put together from one stretch of every user's events."""

import numpy as np
import numpy.typing as npt

from recsys.config.model import ModelConfig
from recsys.config.training import TrainingConfig
from recsys.data.sequences import Sequences
from recsys.data.transitions import count_transitions
from recsys.models.sasrec import SASRec, build_model
from recsys.training.batches import Batches


def assemble(
    config: ModelConfig,
    training: TrainingConfig,
    sequences: Sequences,
    ends: npt.NDArray[np.int64],
    items: int,
    table: int,
) -> tuple[SASRec, Batches]:
    """A new model, its memory counted from the events before ``ends [users] int64``, and the batches of the same.

    Args:
        items: in the vocabulary; ``table`` rows in the item table, with padding and OOV buckets.
    """
    memory, transitions = config.memory, None
    model = build_model(config, table)
    if memory is not None and model.transitions is not None:
        starts = sequences.offsets[:-1]
        kept = memory.neighbours, memory.average
        transitions = count_transitions(sequences.items, starts, ends, table, memory.window, *kept)
        model.transitions.assign(transitions)
    return model, Batches(sequences, ends, config, training, items, transitions)
