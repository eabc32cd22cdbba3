"""Attention against a scalar oracle, and what it must never see."""

import math
from typing import Any

import numpy as np
import pytest

from recsys.config.model import MemoryConfig, ModelConfig
from recsys.core.history import History
from recsys.models.keras import keras, tf
from recsys.models.mixers.attention import causal_mask, scaled_dot_product
from recsys.models.sasrec import Packing, SASRec, build_model

ITEMS = 30


@pytest.fixture(scope="module", params=["newest", "oldest", "rotary", "none"])
def model(request: pytest.FixtureRequest) -> SASRec:
    keras.utils.set_random_seed(7)
    memory = MemoryConfig(neighbours=4, newest=3)
    return build_model(
        ModelConfig(max_length=8, width=16, blocks=2, heads=2, positions=request.param, memory=memory), ITEMS + 1
    )


def hidden(model: SASRec, ids: Any) -> tf.Tensor:
    return model.hidden(History(tf.constant(ids))).states


def test_scaled_dot_product_by_scalars() -> None:
    rng = np.random.default_rng(0)
    query, key, value = rng.normal(size=(3, 1, 1, 4, 6)).astype(np.float32)
    mask = np.triu(np.full((4, 4), -1e4, np.float32), 1)[None, None]
    found = scaled_dot_product(*map(tf.constant, (query, key, value, mask)))
    for asking in range(4):
        scores = [
            sum(query[0, 0, asking, d] * key[0, 0, asked, d] for d in range(6)) / math.sqrt(6)
            for asked in range(asking + 1)
        ]
        total = sum(math.exp(score) for score in scores)
        for d in range(6):
            expected = sum(math.exp(s) / total * value[0, 0, n, d] for n, s in enumerate(scores))
            assert found.output[0, 0, asking, d].numpy() == pytest.approx(expected, abs=1e-5)


def test_the_mask_by_hand() -> None:
    # Padding, two events of one user, one of another.
    seen = causal_mask(tf.constant([[0, 1, 1, 2]]))[0, 0].numpy() == 0
    assert seen.astype(int).tolist() == [[0, 0, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]


def test_the_futures_content_never_leaks(model: SASRec) -> None:
    history = np.array([[0, 0, 1, 2, 3, 4, 5, 6]])
    for place in range(3, 8):
        changed = history.copy()
        changed[0, place:] += 15
        before, after = hidden(model, history), hidden(model, changed)
        np.testing.assert_array_equal(before[:, :place], after[:, :place], err_msg=f"place {place} leaks backwards")


def test_more_padding_changes_nothing(model: SASRec) -> None:
    short, padded = np.array([[1, 2, 3]]), np.array([[0, 0, 0, 0, 0, 1, 2, 3]])
    np.testing.assert_allclose(
        model.encode(History(tf.constant(short))), model.encode(History(tf.constant(padded))), atol=1e-6
    )


def test_an_empty_history_stays_finite(model: SASRec) -> None:
    assert np.isfinite(model.score_all(History(tf.zeros([1, 8], tf.int32)))).all()


def test_the_newest_alone_is_the_newest_of_all(model: SASRec) -> None:
    history = tf.constant([[0, 0, 1, 2, 3, 4, 5, 6], [7, 8, 9, 1, 2, 3, 4, 5]])
    np.testing.assert_allclose(model.encode(History(history)), hidden(model, history)[:, -1], atol=1e-6)


def test_weights_on_request_are_distributions_over_the_past(model: SASRec) -> None:
    weights = model.hidden(History(tf.constant([[0, 0, 1, 2, 3, 4, 5, 6]]))).weights
    assert [tuple(one.shape) for one in weights] == [(1, 2, 8, 8)] * 2
    real = weights[0][0, :, 2:].numpy()
    np.testing.assert_allclose(real.sum(-1), 1.0, atol=1e-6)
    assert real[..., :2].max() == 0.0, "padding is read"
    assert np.triu(real[0][:, 2:], 1).max() == 0.0, "the future is read"


def test_users_packed_in_one_row_do_not_meet(model: SASRec) -> None:
    one, other = np.array([[1, 2, 3]]), np.array([[4, 5, 6, 7]])
    ids = np.array([[1, 2, 3, 4, 5, 6, 7, 0]])
    segments = np.array([[1, 1, 1, 2, 2, 2, 2, 0]])
    ages = [[2, 1, 0, 3, 2, 1, 0, 0]] if model.config.positions == "newest" else [[0, 1, 2, 0, 1, 2, 3, 0]]
    packing = Packing(tf.constant(segments, tf.int32), tf.constant(ages))
    packed = model.hidden(History(tf.constant(ids)), packing).states
    np.testing.assert_allclose(packed[0, :3], hidden(model, one)[0], atol=1e-6)
    np.testing.assert_allclose(packed[0, 3:7], hidden(model, other)[0], atol=1e-6)


def test_scores_of_candidates_are_those_of_all(model: SASRec) -> None:
    history = History(tf.constant([[0, 0, 1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 0, 0, 9]]))
    candidates = np.array([[3, 30, 1], [2, 2, 17]], np.int32)
    every = model.score_all(history).numpy()
    found = model.score(history, tf.constant(candidates))
    np.testing.assert_allclose(found, np.take_along_axis(every, candidates, 1), atol=1e-5)
