"""A model and the batches that it learns from, put together from one stretch of every user's events."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recsys.config.model import ModelConfig
from recsys.config.training import TrainingConfig
from recsys.features.encoded import EncodedFeature
from recsys.models.items import FeaturedItems, shapes_of, trained_rows
from recsys.models.keras import keras, tf
from recsys.models.sasrec import SASRec, build_model
from recsys.sequences.ranges import count_in_ranges
from recsys.sequences.relations import Relations, related_shares
from recsys.sequences.sequences import Sequences
from recsys.sequences.transitions import count_transitions
from recsys.training.batches.batches import Batches


def make_reproducible(training: TrainingConfig) -> None:
    """Seed what draws initial weights; where the config asks for it, have TensorFlow add in one order, always."""
    keras.utils.set_random_seed(training.seed)
    if training.deterministic:
        tf.config.experimental.enable_op_determinism()


def assemble(
    config: ModelConfig,
    training: TrainingConfig,
    sequences: Sequences,
    ends: npt.NDArray[np.int64],
    items: int,
    rows: int,
    features: Sequence[EncodedFeature] = (),
    relations: Relations | None = None,
) -> tuple[SASRec, Batches]:
    """A new model, its memory counted from the events before ``ends [users] int64``, and the batches of the same.

    Args:
        items: in the vocabulary; ``rows`` in the item table, with padding and OOV buckets.
        features: of the items, by internal id; with them, items without events are no negatives.
        relations: what the memory reads beside what it counts.
    """
    memory, transitions = config.memory, None
    shares = None if relations is None or memory is None else related_shares(relations, rows, memory.neighbours)
    model = build_model(config, rows, shapes_of(features), related=0 if shares is None else shares.neighbours.shape[1])
    if shares is not None and model.relations is not None:
        model.relations.assign(shares)
    if isinstance(model.items, FeaturedItems):
        met = count_in_ranges(sequences.items, sequences.offsets[:-1], ends, rows)
        model.items.describe(features, trained_rows(met))
    if memory is not None and model.transitions is not None:
        starts = sequences.offsets[:-1]
        counted = memory.window, memory.neighbours, memory.average, memory.window_decay, sequences.target_mask
        transitions = count_transitions(sequences.items, starts, ends, rows, *counted)
        model.transitions.assign(transitions)
    return model, Batches(sequences, ends, config, training, items, transitions, trained_only=bool(features))
