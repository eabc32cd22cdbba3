"""What a model learns of time, on data whose answer is known."""

import numpy as np
import pytest

from recsys.config.model import ModelConfig
from recsys.config.training import TrainingConfig
from recsys.core.history import History
from recsys.core.schema import PAD_ID
from recsys.models.keras import keras, tf
from recsys.sequences.sequences import Sequences
from recsys.training.assembly import assemble
from recsys.training.batches.batches import Batches
from recsys.training.fit import Fit

SOON, LATE = 60_000, 30 * 86_400_000  # milliseconds
ITEMS, EVENTS, USERS = 10, 12, 60


def pausing() -> Sequences:
    """After item i comes i + 1 where people go on at once, and i + 5 where they come back a month later."""
    random = np.random.default_rng(0)
    late = random.random((USERS, EVENTS)) < 0.5
    first = random.integers(0, ITEMS, USERS)
    steps, pauses = np.where(late, 5, 1), np.where(late, LATE, SOON)
    items = (first[:, None] + np.cumsum(steps, 1) - steps[:, :1]) % ITEMS + 1
    counts = np.full(USERS, EVENTS)
    users = np.array([f"u{user}" for user in range(USERS)], object)
    times = np.cumsum(pauses, 1).ravel()
    return Sequences(users, np.cumsum([0, *counts]), items.ravel().astype(np.int32), times, counts - 2, counts - 1)


def model_config(*, memory: bool) -> ModelConfig:
    remembered = {"neighbours": ITEMS, "newest": 3, "window": 1} if memory else None
    return ModelConfig(max_length=EVENTS, width=16, blocks=1, dropout=0.0, memory=remembered, request_time=True)


def test_a_batch_counts_ages_and_requests_from_one_moment_of_each_example() -> None:
    sequences, config = pausing(), model_config(memory=False)
    training = TrainingConfig(negatives={"uniform": 5}, batch_size=8)
    ends = sequences.bounds("train")[1]
    for batch in Batches(sequences, ends, config, training, ITEMS, None).epoch(1):
        for segment in range(1, batch["segments"].max() + 1):
            own = batch["segments"] == segment
            read, targets = batch["history"][own], batch["targets"][own]
            gaps = batch["ages"][own] - batch["requests"][own]  # seconds from an event to its target
            late = (targets - read) % ITEMS == 5
            assert gaps.tolist() == (np.where(late, LATE, SOON) // 1000).tolist()
            assert batch["requests"][own][-1] == 0
            assert PAD_ID not in read


@pytest.mark.parametrize("memory", [False, True], ids=["attention", "with memory"])
def test_a_pause_that_decides_what_comes_next_is_learned(memory: bool) -> None:
    sequences, config = pausing(), model_config(memory=memory)
    training = TrainingConfig(loss="softmax", batch_size=8, learning_rate=0.01, epochs=12)
    keras.utils.set_random_seed(1)
    ends = sequences.bounds("train")[1]
    model, batches = assemble(config, training, sequences, ends, ITEMS, ITEMS + 1)
    fit = Fit(model, batches, training, [])
    fit.run("search", None)
    assert np.isfinite([float(loss) for loss in fit.steps(13)]).all(), "a user who has seen every item has a loss, too"
    history = tf.constant([[0] * (EVENTS - 2) + [1, 2]] * 2)
    ages = np.zeros((2, EVENTS), np.int32)
    ages[:, -2:] = [[120, 60], [LATE // 1000 + 60, LATE // 1000]]
    best = tf.argmax(model.score_all(History(history, tf.constant(ages)))[:, 1:], 1).numpy() + 1
    assert best.tolist() == [3, 7], "asked a minute after item 2, and a month after it"
