"""Small sequences and the batches packed from them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from recsys.config.model import MemoryConfig, ModelConfig
from recsys.config.training import TrainingConfig
from recsys.models.keras import keras, tf
from recsys.models.sasrec import SASRec, build_model
from recsys.sequences.relations import Relations, related_shares
from recsys.sequences.sequences import Sequences
from recsys.sequences.transitions import Transitions, count_transitions
from recsys.training.batches.batches import Batches

ITEMS = 9
HISTORIES = [[1, 2, 3, 4, 5, 6, 7], [3, 1, 8, 9, 2, 4], [5, 6, 1, 2, 1, 2]]
WINDOW = 2
RELATIONS = Relations(np.array([1, 1, 4, 6, 7]), np.array([3, 9, 8, 9, 1]), np.array([3.0, 1.0, 1.0, 2.0, 5.0]))


class Case(NamedTuple):
    """A model, one packed batch of all users, and what they were made of."""

    model: SASRec
    batch: dict[str, tf.Tensor]
    sequences: Sequences
    transitions: Transitions | None
    training: TrainingConfig


MakeCase = Callable[..., Case]


@pytest.fixture
def make_case() -> MakeCase:
    def make(*, memory: bool, relations: bool = False, **training: object) -> Case:
        keras.utils.set_random_seed(3)
        remembered = MemoryConfig(window=WINDOW, neighbours=ITEMS, newest=3) if memory else None
        config = ModelConfig(max_length=25, width=8, blocks=2, positions="newest", dropout=0.0, memory=remembered)
        lengths = np.array([len(history) for history in HISTORIES])
        sequences = Sequences(
            users=np.array(["a", "b", "c"], object),
            offsets=np.cumsum([0, *lengths]),
            items=np.concatenate(HISTORIES).astype(np.int32),
            timestamps=np.arange(lengths.sum()),
            train_end=lengths - 2,
            validation_end=lengths - 1,
        )
        ends = sequences.bounds("train")[1]
        counted = None
        shares = related_shares(RELATIONS, ITEMS + 1, ITEMS)
        model = build_model(config, ITEMS + 1, related=shares.neighbours.shape[1] if relations else 0)
        if model.relations is not None:
            model.relations.assign(shares)
        if model.transitions is not None:
            counted = count_transitions(sequences.items, sequences.offsets[:-1], ends, ITEMS + 1, WINDOW, ITEMS)
            model.transitions.assign(counted)
        settings = TrainingConfig.model_validate({"negatives": {"uniform": ITEMS}, **training})
        batch = next(iter(Batches(sequences, ends, config, settings, ITEMS, counted).epoch(1)))
        return Case(model, {k: tf.constant(v) for k, v in batch.items()}, sequences, counted, settings)

    return make
