"""What a model makes of types and values, and what it must not know."""

from typing import Any

import numpy as np
import pytest

from recsys.config.model import MemoryConfig, ModelConfig
from recsys.core.history import History
from recsys.models.channels.categories import CategoryEmbedding
from recsys.models.items import embed
from recsys.models.keras import keras, tf
from recsys.models.memory import CHUNK
from recsys.models.sasrec import Packing, SASRec, build_model

ITEMS, LENGTH, NEWEST = 30, 8, 3
SHAPE: dict[str, Any] = {
    "max_length": LENGTH,
    "width": 16,
    "blocks": 2,
    "heads": 2,
    "memory": MemoryConfig(neighbours=4, newest=NEWEST),
}
BOTH = {"event_types": True, "event_values": True}


def new_model(**channels: bool) -> SASRec:
    keras.utils.set_random_seed(7)
    model = build_model(ModelConfig(**SHAPE, **channels), ITEMS + 1)
    model.trained_items.assign(model.trained_items.vectors() * 30)
    return model


@pytest.fixture(scope="module")
def model() -> SASRec:
    """Random weights, those of types and values too, which begin at 0 and would say nothing."""
    model = new_model(**BOTH)
    assert model.memory is not None
    learned = [part for one in model.events.categories.values() for part in (one.gate, one.vector)]
    for variable in (*learned, *model.memory.attention.category_biases.values()):
        variable.assign(tf.random.normal(variable.shape))
    return model


def history(items: list[int], types: list[int], values: list[int]) -> History:
    return History(tf.constant([items]), types=tf.constant([types]), values=tf.constant([values]))


def hidden(model: SASRec, *channels: list[int]) -> Any:
    return model.hidden(history(*channels)).states[0].numpy()


READ = ([0, 0, 1, 2, 3, 4, 5, 6], [0, 0, 2, 3, 1, 2, 4, 3], [0, 0, 1, 5, 4, 2, 3, 2])


def test_a_model_begins_as_it_would_be_without_them() -> None:
    """Of one seed, so that both begin with the same weights."""
    without = new_model().score_all(History(tf.constant([READ[0]])))
    np.testing.assert_array_equal(new_model(**BOTH).score_all(history(*READ)), without)


def test_an_event_is_its_items_vector_gated_and_moved(model: SASRec) -> None:
    """item * (1 + gate of the type + gate of the value) + vector of the type + vector of the value."""
    found = model.events(history(*READ), tf.zeros([1, LENGTH], tf.int32))[0].numpy()
    table = model.trained_items.vectors()
    types, values = (model.events.categories[name] for name in ("types", "values"))
    for place, (item, kind, value) in enumerate(zip(*READ, strict=True)):
        gate = 1 + types.gate.numpy()[kind] + values.gate.numpy()[value]
        moved = 4 * table[item] * gate + types.vector.numpy()[kind] + values.vector.numpy()[value]  # 4 = √width
        np.testing.assert_allclose(found[place], moved if item else np.zeros(16), atol=1e-4)


@pytest.mark.parametrize("channel", [1, 2], ids=["type", "value"])
def test_an_event_knows_nothing_of_later_ones(model: SASRec, channel: int) -> None:
    before = hidden(model, *READ)
    for place in range(2, LENGTH):
        changed = [list(part) for part in READ]
        changed[channel][place:] = [7 - code for code in changed[channel][place:]]
        after = hidden(model, *changed)
        np.testing.assert_array_equal(before[:place], after[:place], err_msg=f"place {place} leaks backwards")
        assert np.abs(before[place] - after[place]).max() > 1e-3


def test_users_packed_in_one_row_are_read_as_each_alone(model: SASRec) -> None:
    one, other = ([1, 2, 3], [2, 4, 3], [1, 2, 5]), ([4, 5, 6, 7], [3, 2, 1, 4], [2, 2, 3, 1])
    alone = [hidden(model, *user) for user in (one, other)]
    packing = Packing(*(tf.constant([row]) for row in ([1, 1, 1, 2, 2, 2, 2, 0], [0, 1, 2, 0, 1, 2, 3, 0])))
    both = [[*first, *second, 0] for first, second in zip(one, other, strict=True)]
    packed = model.hidden(history(*both), packing).states[0]
    np.testing.assert_allclose(packed[:3], alone[0], atol=1e-5)
    np.testing.assert_allclose(packed[3:7], alone[1], atol=1e-5)


def test_the_memory_listens_by_type_and_value_in_training_as_in_scoring(model: SASRec) -> None:
    assert model.memory is not None
    attention = model.memory.attention
    channels = np.zeros((3, 1, CHUNK), np.int32)
    channels[:, 0, -5:] = [[1, 2, 3, 4, 5], [2, 3, 4, 2, 1], [5, 1, 2, 3, 4]]
    items, types, values = map(tf.constant, channels)
    whole = History(items, types=types, values=values)
    stream, segments = tf.random.normal([1, CHUNK, 16]), tf.cast(whole.items > 0, tf.int32)
    band = attention.band(stream, embed(model.items, items), whole, segments, ())
    newest = whole.map(lambda channel: channel[:, -NEWEST:])

    def weights(newest: History) -> Any:
        return attention.newest_weights(stream[:, -1], embed(model.items, newest.items), newest)[0].numpy()

    np.testing.assert_allclose(band.weights[0, 0, -1, -NEWEST:], weights(newest), atol=1e-6)
    plain = weights(newest._replace(types=tf.zeros_like(newest.types)))
    gained = attention.category_biases["types"].numpy()[[4, 2, 1]] - attention.category_biases["types"].numpy()[0]
    expected = plain * np.exp(gained)
    np.testing.assert_allclose(weights(newest), expected / expected.sum(), rtol=1e-4)


@pytest.mark.parametrize(("learned", "rows"), [([], 1), ([2, 4], 6), ([8], 9)])
def test_rows_that_learned_nothing_are_left_out(learned: list[int], rows: int) -> None:
    category = CategoryEmbedding(9, 4, "types")
    gate = np.zeros((9, 4), np.float32)
    gate[learned] = 1.5
    category.gate.assign(gate)
    trimmed = category.trimmed()
    assert trimmed.rows == rows
    codes = tf.range(9)
    for found, expected in zip(trimmed(codes), category(codes), strict=True):
        np.testing.assert_array_equal(found, expected)
