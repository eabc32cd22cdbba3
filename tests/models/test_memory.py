"""The transition memory: one reading, four ways to compute it, and an oracle in plain Python."""

import math

import numpy as np
import pytest

from recsys.config.model import MemoryConfig, ModelConfig
from recsys.core.history import History
from recsys.models.items import embed
from recsys.models.keras import keras, tf
from recsys.models.memory import CHUNK, CountedTransitions, TransitionMemory
from recsys.models.sasrec import SASRec, build_model
from recsys.sequences.transitions import Transitions, count_transitions

ITEMS, NEWEST = 12, 3


@pytest.fixture(scope="module")
def transitions() -> Transitions:
    rng = np.random.default_rng(3)
    items = rng.integers(1, ITEMS + 1, 80).astype(np.int32)
    starts = np.arange(0, 80, 8)
    return count_transitions(items, starts, starts + 8, ITEMS + 1, window=2, neighbours=5)


@pytest.fixture(scope="module")
def model(transitions: Transitions) -> SASRec:
    keras.utils.set_random_seed(1)
    config = ModelConfig(max_length=CHUNK, width=8, memory=MemoryConfig(window=2, neighbours=5, newest=NEWEST))
    model = build_model(config, ITEMS + 1)
    assert model.transitions is not None
    model.transitions.assign(transitions)
    return model


@pytest.fixture(scope="module")
def memory(model: SASRec) -> TransitionMemory:
    assert model.memory is not None
    return model.memory


def test_counts_are_divided_by_a_power_of_their_rows_total(transitions: Transitions) -> None:
    table = CountedTransitions(ITEMS + 1, transitions.neighbours.shape[1], normalization=0.5)
    table.assign(transitions)
    found = table.read(np.array([[1]], np.int32))[1].numpy()[0, 0]
    np.testing.assert_allclose(found, transitions.weights[1] / transitions.totals[1] ** 0.5, rtol=1e-6)


def probability(transitions: Transitions, source: int, target: int) -> float:
    """Share of ``source``'s transitions that led to ``target``, read from the table entry by entry."""
    for place, neighbour in enumerate(transitions.neighbours[source]):
        if neighbour == target != 0:
            return float(transitions.weights[source, place] / transitions.totals[source])
    return 0.0


def test_support_is_the_weighted_sum_of_probabilities(memory: TransitionMemory, transitions: Transitions) -> None:
    ids, weights = np.array([[0, 4, 7]], np.int32), np.array([[0.0, 0.25, 0.75]], np.float32)
    every = memory.support_all(tf.constant(weights), tf.constant(ids)).numpy()
    for target in range(1, ITEMS + 1):
        expected = 0.25 * probability(transitions, 4, target) + 0.75 * probability(transitions, 7, target)
        assert every[0, target] == pytest.approx(expected, abs=1e-6)
    candidates = np.array([[3, 9, 3]], np.int32)
    found = memory.support(tf.constant(weights), tf.constant(ids), tf.constant(candidates))
    np.testing.assert_allclose(found, every[:, candidates[0]], atol=1e-6)


def test_columns_are_counts_even_where_a_column_stands_twice(
    memory: TransitionMemory, transitions: Transitions
) -> None:
    rows, columns = np.array([4, 7, 1], np.int32), np.array([3, 9, 3, 12], np.int32)
    found = memory.table.columns(tf.constant(rows), tf.constant(columns)).numpy()
    for r, source in enumerate(rows):
        for c, target in enumerate(columns):
            expected = probability(transitions, source, target) * transitions.totals[source]
            assert found[r, c] == pytest.approx(expected, abs=1e-5)


def test_the_band_gives_the_newest_position_what_scoring_gives(model: SASRec, memory: TransitionMemory) -> None:
    history = np.zeros((1, CHUNK), np.int32)
    history[0, -5:] = [1, 2, 3, 4, 5]
    ids = tf.constant(history)
    stream = model.hidden(History(ids)).states
    band = memory.attention.band(stream, embed(model.items, ids), History(ids), tf.cast(ids > 0, tf.int32), ())
    newest = ids[:, -NEWEST:]
    expected = memory.attention.newest_weights(stream[:, -1], embed(model.items, newest), History(newest))
    np.testing.assert_allclose(band.weights[0, 0, -1, -NEWEST:], expected[0], atol=1e-6)
    assert band.weights[0, 0, -1, :-NEWEST].numpy().max() == 0.0, "an item beyond the newest is read"
    assert band.ids[0, 0, -NEWEST:].numpy().tolist() == [3, 4, 5]


def test_logits_grow_with_support_by_the_formula(memory: TransitionMemory) -> None:
    hidden = np.ones((1, 8), np.float32)
    found = memory.attention.logits(tf.constant(hidden), tf.constant([[0.0, 0.1]])).numpy()[0]
    gain, scale = float(memory.attention.gain.numpy()), math.exp(float(memory.attention.log_scale.numpy()))
    trust = 2 * gain / (1 + math.exp(-float(memory.attention.confidence(hidden).numpy()[0, 0])))
    assert found[0] == 0.0
    assert found[1] == pytest.approx(trust * math.log(1 + scale * 0.1), rel=1e-5)
