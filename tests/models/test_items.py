"""Items with features: what their vectors are made of, what a step of training leaves out, and what is folded."""

import numpy as np
import pytest

from recsys.config.model import MemoryConfig, ModelConfig
from recsys.core.history import History
from recsys.features.encoded import EncodedFeature
from recsys.models.dropout import chosen
from recsys.models.items import FeaturedItems, FeatureShape, shapes_in, shapes_of, trained_rows
from recsys.models.keras import tf
from recsys.models.sasrec import build_model, folded
from recsys.models.weights import open_weights, save_weights

# Items 1 to 3 after padding. The first has the categories 1 and 2, the second category 2, the third none.
GENRES = EncodedFeature("genre", 2, np.array([[0, 0], [1, 2], [2, 0], [0, 0]], np.int32))
IMAGES = EncodedFeature("image", 0, np.array([[0, 0], [1, 0], [0, 0], [0.6, 0.8]], np.float32))
OWN = np.array([[9, 9], [1, 2], [3, 4], [5, 6]], np.float32)
GENRE_TABLE = np.array([[7, 7], [10, 20], [30, 40]], np.float32)
KERNEL = np.array([[100, 0], [0, 200]], np.float32)
# own + mean of the categories + image @ kernel; the third item has no event that trains, so no vector of its own.
EXPECTED = np.array(
    [
        [0, 0],
        [1 + (10 + 30) / 2 + 100, 2 + (20 + 40) / 2],
        [3 + 30, 4 + 40],
        [0.6 * 100, 0.8 * 200],
    ],
    np.float32,
)


@pytest.fixture
def items() -> FeaturedItems:
    made = FeaturedItems(4, 2, shapes_of([GENRES, IMAGES]))
    made.describe([GENRES, IMAGES], trained_rows(np.array([5, 1, 1, 0])))
    made.assign(OWN)
    made.features[0].learned.assign(GENRE_TABLE)
    made.features[1].learned.assign(KERNEL)
    return made


def test_a_vector_is_the_items_own_and_what_its_features_say(items: FeaturedItems) -> None:
    np.testing.assert_allclose(items.vectors(), EXPECTED, rtol=1e-6)
    np.testing.assert_allclose(items.table().numpy(), EXPECTED, rtol=1e-6)
    ids = np.array([[3, 1, 1], [2, 0, 3]], np.int32)
    np.testing.assert_allclose(items.lookup(ids).numpy(), EXPECTED[ids], rtol=1e-6)
    np.testing.assert_allclose(items.own_vectors() + items.feature_vectors(), EXPECTED, rtol=1e-6)
    assert items.own_vectors()[3].tolist() == [0, 0]


def test_folding_in_chunks_is_folding(items: FeaturedItems, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys.models.items.featured.CHUNK", 3)
    np.testing.assert_allclose(items.vectors(), EXPECTED, rtol=1e-6)


def test_a_step_touches_the_rows_that_it_reads(items: FeaturedItems) -> None:
    variables = items.trainable_variables
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(items.lookup(tf.constant([2, 2, 3])))
    own, genres, kernel = tape.gradient(total, variables)
    assert sorted(own.indices.numpy()) == [2, 3]
    assert tf.convert_to_tensor(own).numpy().tolist() == [[0, 0], [0, 0], [2, 2], [0, 0]]  # item 3 has none to learn
    assert tf.convert_to_tensor(genres).numpy().tolist() == [[0, 0], [0, 0], [2, 2]]
    np.testing.assert_allclose(kernel.numpy(), [[0.6, 0.6], [0.8, 0.8]], rtol=1e-6)


def test_some_items_are_known_by_their_features_alone(items: FeaturedItems) -> None:
    ids = tf.constant([1, 2, 3])
    alone = EXPECTED - np.concatenate([[[0, 0]], OWN[1:3], [[0, 0]]])
    seen = set()
    for step in range(40):
        dropping = items.dropping(0.5, tf.constant([1, step]))
        left_out = chosen(ids, 0.5, tf.constant([1, step])).numpy()
        expected = np.where(left_out[:, None], alone[1:], EXPECTED[1:])
        np.testing.assert_allclose(dropping.lookup(ids).numpy(), expected, rtol=1e-6)
        np.testing.assert_allclose(dropping.table(ids).numpy()[1:], expected, rtol=1e-6)
        seen.add(tuple(left_out[:2]))
    assert len(seen) == 4  # each of both items with and without the other


def test_what_own_vectors_of_alike_items_have_in_common_stands_for_missing_ones() -> None:
    """Own vectors that follow from features exactly are found again; the padding stays what it is."""
    random = np.random.default_rng(7)
    rows, kernel, bias = 60, np.array([[0.5, 0.25], [-0.25, 0.75]]), np.array([1.0, -2.0])
    images = random.normal(size=(rows, 3)).astype(np.float32)
    images[0] = 0
    image = EncodedFeature("image", 0, images)
    items = FeaturedItems(rows, 2, shapes_of([image]))
    trained = np.arange(rows) < 50
    items.describe([image], trained_rows(trained.astype(np.int64)))
    items.features[0].learned.assign(random.normal(size=(3, 2)))
    told = items.feature_vectors()
    items.assign((told @ kernel + bias).astype(np.float32))
    assert np.abs(items.vectors()[50:] - told[50:]).max() == 0, "nothing is expected before it was looked for"
    for scale in (1.0, 2.0):
        items.complete(scale)
        # The ridge of a thousandth shrinks what is found a little.
        np.testing.assert_allclose(items.vectors()[50:], scale * (told @ (np.eye(2) + kernel) + bias)[50:], atol=0.02)
        np.testing.assert_allclose(items.vectors()[1:50], (told @ (np.eye(2) + kernel) + bias)[1:50], atol=1e-5)
        assert not items.vectors()[0].any()
    assert not items.own_vectors()[50:].any()
    fresh = FeaturedItems(rows, 2, shapes_of([image]))
    fresh.describe([image], np.zeros(rows, np.bool_))
    fresh.learn_as(items)
    np.testing.assert_allclose(fresh.vectors()[50:], items.vectors()[50:], atol=1e-6)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.9])
def test_as_many_are_chosen_as_the_rate_says(rate: float) -> None:
    ids = tf.range(20_000)
    for seed in ([0, 0], [1, 0], [0, 1], [2**31 - 1, 2**31 - 1]):
        # 6 standard deviations of a share of 20,000 draws: 6 * sqrt(.25 / 20,000) = .021.
        assert abs(chosen(ids, rate, tf.constant(seed)).numpy().mean() - rate) < 0.021
    one, other = (chosen(ids, 0.5, tf.constant(seed)).numpy() for seed in ([3, 4], [3, 5]))
    assert abs((one == other).mean() - 0.5) < 0.021  # independent
    assert np.array_equal(one, chosen(ids, 0.5, tf.constant([3, 4])).numpy())


@pytest.mark.parametrize("memory", [None, MemoryConfig(newest=2, neighbours=2)])
def test_a_folded_model_scores_alike_and_keeps_its_arrays(memory: MemoryConfig | None, tmp_path) -> None:
    features = [GENRES, IMAGES]
    model = build_model(ModelConfig(max_length=3, width=4, blocks=1, memory=memory), 4, shapes_of(features))
    model.items.describe(features, trained_rows(np.array([0, 1, 1, 0])))
    history, candidates = History(np.array([[0, 1, 3]], np.int32)), np.array([[3, 2, 1]], np.int32)
    plain = folded(model)
    np.testing.assert_allclose(plain.score_all(history), model.score_all(history), atol=1e-6)
    np.testing.assert_allclose(plain.score(history, candidates), model.score(history, candidates), atol=1e-6)
    assert not isinstance(plain.items, FeaturedItems)
    assert folded(plain) is plain
    save_weights(model, tmp_path / "weights.npz")
    with open_weights(tmp_path / "weights.npz") as arrays:
        assert shapes_in(arrays) == [FeatureShape(2, 2), FeatureShape(0, 2)]
    assert shapes_in({variable.name: variable.numpy() for variable in plain.variables}) == []
