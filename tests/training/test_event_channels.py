"""What a model learns of types and values, on data whose answer is known, and what their weights do."""

from typing import Any

import numpy as np
import pytest

from recsys.config.model import ModelConfig
from recsys.config.training import TrainingConfig
from recsys.core.events.codes import EventCodes
from recsys.core.history import History
from recsys.core.schema import PAD_ID
from recsys.models.keras import keras, tf
from recsys.models.sasrec import SASRec
from recsys.sequences.sequences import Sequences
from recsys.training.assembly import assemble
from recsys.training.batches.batches import Batch, Batches
from recsys.training.fit import Fit
from recsys.training.objective import Objective

ITEMS, EVENTS, USERS = 12, 12, 240
LIKE, DISLIKE = 2, 3  # codes of types, and of the two buckets of values


def liking() -> Sequences:
    """Items 1 to 6 are of one kind, 7 to 12 of another; users like one and dislike the other. Likes are predicted.

    Half of the users tell at first only what they dislike.
    """
    random = np.random.default_rng(0)
    taste = random.integers(0, 2, (USERS, 1))
    liked = (np.arange(USERS)[:, None] % 2 == 0) | (np.arange(EVENTS) >= random.integers(1, EVENTS - 3, (USERS, 1)))
    one = np.where(liked, random.integers(0, 6, liked.shape), random.integers(0, 5, liked.shape))
    items = (1 + 6 * np.where(liked, taste, 1 - taste) + one).astype(np.int32)
    told = liked.ravel()
    values, weights = (np.where(told, *pair).astype(np.float32) for pair in ((-1, 4), (1, 0)))
    return sequences_of(items, types=np.where(told, LIKE, DISLIKE).astype(np.int32), values=values, weights=weights)


def sequences_of(items: Any, **channels: Any) -> Sequences:
    counts = np.full(len(items), items.shape[1])
    users = np.array([f"u{user}" for user in range(len(items))], object)
    times = np.tile(1000 * np.arange(items.shape[1]), len(items))
    codes = EventCodes(("like", "dislike"), (4.0,))
    offsets = np.cumsum([0, *counts])
    return Sequences(users, offsets, items.ravel(), times, counts - 2, counts - 1, codes=codes, **channels)


@pytest.mark.parametrize(("channel", "memory"), [("types", False), ("values", True)])
def test_an_unseen_item_that_resembles_disliked_ones_falls(channel: str, memory: bool) -> None:
    """The same history, told as liked and as disliked; nobody disliked its last item in training."""
    sequences = liking()
    remembered = {"neighbours": ITEMS, "newest": 3, "window": 1} if memory else None
    reads = {"event_types": channel == "types", "event_values": channel == "values"}
    config = ModelConfig(max_length=EVENTS, width=16, blocks=1, dropout=0.0, memory=remembered, **reads)
    training = TrainingConfig(loss="softmax", batch_size=8, learning_rate=0.01, epochs=15)
    keras.utils.set_random_seed(1)
    model, batches = assemble(config, training, sequences, sequences.bounds("train")[1], ITEMS, ITEMS + 1)
    Fit(model, batches, training, []).run("search", None)
    for read in ([1, 2, 6], [8, 9, 12]):
        unseen = [item for item in range(1 + 6 * (read[0] > 6), 7 + 6 * (read[0] > 6)) if item not in read]
        ranks = {}
        for code in (LIKE, DISLIKE):
            items, codes = np.zeros((2, 1, EVENTS), np.int32)
            items[0, -3:], codes[0, -3:] = read, code
            history = History(tf.constant(items), **{channel: tf.constant(codes)})
            order = np.argsort(-model.score_all(history).numpy()[0, 1:]) + 1
            ranks[code] = [order.tolist().index(item) + 1 for item in unseen]
        assert max(ranks[LIKE]) <= 6, "above all of the other kind"
        assert min(ranks[DISLIKE]) >= 7, "below all of the other kind"


TYPES = np.array([[2, 3, 2, 2, 3, 2], [3, 2, 3, 2, 2, 3]], np.int32)
TWO = np.array([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 1, 2]], np.int32)


def batch_of(weights: dict[int, float] | None, model: ModelConfig) -> Batch:
    """The only batch of two users, whose types count as ``weights`` say."""
    own = None if weights is None else np.vectorize(weights.get)(TYPES).ravel().astype(np.float32)
    sequences = sequences_of(TWO, types=TYPES.ravel(), weights=own)
    training = TrainingConfig(negatives={"uniform": 5})
    (batch,) = Batches(sequences, sequences.bounds("train")[1], model, training, ITEMS, None).epoch(1)
    return batch


def plain_model() -> ModelConfig:
    return ModelConfig(max_length=6, width=8, blocks=1, dropout=0.0, memory=None, event_types=True)


def test_context_is_read_and_no_target() -> None:
    batch, all_alike = (batch_of(weights, plain_model()) for weights in ({2: 0.5, 3: 0.0}, None))
    real = all_alike["targets"] > 0
    np.testing.assert_array_equal(batch["history"], all_alike["history"])
    np.testing.assert_array_equal(batch["types"], all_alike["types"])
    kinds = dict(zip(TWO.ravel().tolist(), TYPES.ravel().tolist(), strict=True)) | {1: 2, 2: 3}
    for target, weight, item in zip(
        batch["targets"][real], batch["weights"][real], all_alike["targets"][real], strict=True
    ):
        assert (target, weight) == ((item, 0.5) if kinds[item] == 2 else (PAD_ID, 0.0))
    assert batch["count"] == 0.5 * np.count_nonzero(batch["targets"])
    assert "weights" not in all_alike


def gradient(weights: dict[int, float] | None) -> Any:
    """Of the sum of all targets' losses, with respect to the item table."""
    config = plain_model()
    keras.utils.set_random_seed(3)
    sequences = sequences_of(TWO, types=TYPES.ravel())
    training = TrainingConfig(negatives={"uniform": 5, "exclude_seen": False})
    model, _ = assemble(config, training, sequences, sequences.bounds("train")[1], ITEMS, ITEMS + 1)
    assert isinstance(model, SASRec)
    batch = batch_of(weights, config)
    inputs = {name: tf.constant(values) for name, values in batch.items()}
    (table,) = model.trained_items.trainable_variables
    with tf.GradientTape() as tape:
        total = Objective(model, training).compute_loss(inputs) * inputs["count"]
    return tf.convert_to_tensor(tape.gradient(total, table)).numpy()


def test_a_types_weight_multiplies_its_gradient() -> None:
    one, doubled, alone = (gradient(weights) for weights in ({2: 1.0, 3: 1.0}, {2: 1.0, 3: 2.0}, {2: 0.0, 3: 1.0}))
    assert np.abs(alone).max() > 1e-3
    np.testing.assert_allclose(doubled - one, alone, atol=1e-6)
    np.testing.assert_array_equal(one, gradient(None))
