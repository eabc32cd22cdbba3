"""What a model makes of how long ago events were, and what it must not know."""

from typing import Any

import numpy as np
import pytest

from recsys.config.model import MemoryConfig, ModelConfig
from recsys.core.history import History
from recsys.models.channels.time_buckets import BUCKETS, EDGES, bucket
from recsys.models.events import history_spec
from recsys.models.items import embed
from recsys.models.keras import keras, tf
from recsys.models.memory import CHUNK
from recsys.models.sasrec import Packing, SASRec, build_model
from recsys.sequences.sequences import Sequences

ITEMS, LENGTH, NEWEST = 30, 8, 3


@pytest.fixture(scope="module")
def model() -> SASRec:
    """Random weights, those of time too, which begin at 0 and would say nothing."""
    keras.utils.set_random_seed(7)
    memory = MemoryConfig(neighbours=4, newest=NEWEST)
    config = ModelConfig(max_length=LENGTH, width=16, blocks=2, heads=2, memory=memory, request_time=True)
    model = build_model(config, ITEMS + 1)
    attention, memory = model.blocks[-1].mixer.time_bias, model.memory.attention
    for variable in (attention.bias, attention.pause, memory.time_bias):
        variable.assign(tf.random.normal(variable.shape))
    model.trained_items.assign(model.trained_items.vectors() * 30)
    return model


def history(items: list[int], ages: list[int]) -> History:
    return History(tf.constant([items]), tf.constant([ages]))


def hidden(model: SASRec, items: list[int], ages: list[int]) -> Any:
    return model.hidden(history(items, ages)).states[0].numpy()


def test_buckets_begin_at_their_edges_and_grow() -> None:
    exact = [edge for edge in EDGES if edge <= 2**24]  # above, a float32 does not tell neighbouring seconds apart
    places = [bucket(tf.constant(exact) + shift).numpy().tolist() for shift in (-1, 0)]
    assert places == [list(range(len(exact))), list(range(1, len(exact) + 1))]
    assert len(EDGES) + 1 == BUCKETS
    assert bucket(tf.constant([0, 1, 2, 60, 3600, 86_400, 2**31 - 1])).numpy().tolist() == [
        sum(edge <= seconds for edge in EDGES) for seconds in (0, 1, 2, 60, 3600, 86_400, 2**31 - 1)
    ]


def test_the_bias_of_a_pair_is_the_one_of_its_bucket(model: SASRec) -> None:
    bias = model.blocks[-1].mixer.time_bias
    ages, requests = [90, 40, 7], [40, 7, 0]
    found = bias(tf.constant([ages]), tf.constant([requests])).numpy()
    for head in range(2):
        for query, asked in enumerate(requests):
            for key, age in enumerate(ages):
                expected = bias.bias.numpy()[head, sum(edge <= max(age - asked, 0) for edge in EDGES)]
                assert found[0, head, query, key] == expected


def test_an_event_knows_nothing_of_later_ones_but_when_the_next_came(model: SASRec) -> None:
    items, ages = [0, 0, 1, 2, 3, 4, 5, 6], [0, 0, 90_000, 80_000, 5_000, 400, 30, 0]
    before = hidden(model, items, ages)
    for place in range(3, LENGTH):
        later = [*ages[: place + 1], *(age // 9 for age in ages[place + 1 :])]
        after = hidden(model, [*items[:place], *(item + 15 for item in items[place:])], later)
        np.testing.assert_array_equal(before[:place], after[:place], err_msg=f"place {place} leaks backwards")
        moved = hidden(model, items, [*ages[:place], ages[place] + 7 * 86_400, *ages[place + 1 :]])
        np.testing.assert_array_equal(before[: place - 1], moved[: place - 1])
        assert np.abs(before[place - 1] - moved[place - 1]).max() > 1e-3, "when the next came is the request's time"


def test_only_the_time_of_a_target_reaches_its_scores(model: SASRec) -> None:
    """All else of targets and of what follows is replaced; then their times are."""
    random = np.random.default_rng(1)
    lengths = np.array([6, 9, 4])
    offsets = np.cumsum([0, *lengths])
    times = np.concatenate([np.sort(random.integers(0, 10**9, n)) for n in lengths]).astype(np.int64)
    items = random.integers(1, ITEMS + 1, lengths.sum()).astype(np.int32)

    def scores(items: Any, times: Any) -> Any:
        users = np.array(["a", "b", "c"], object)
        sequences = Sequences(users, offsets, items, times, lengths - 2, lengths - 1)
        return model.score_all(sequences.histories(*sequences.targets("validation"), history_spec(model.config, None)))

    expected, ends = scores(items, times), offsets[1:]
    others = items.copy()
    others[ends - 1] = others[ends - 1] % ITEMS + 1
    others[ends - 2] = others[ends - 2] % ITEMS + 1
    after = times.copy()
    after[ends - 1] += 10**9
    np.testing.assert_array_equal(scores(others, after), expected)
    after[ends - 2] += 5 * 10**8
    assert np.abs(scores(others, after) - expected).max() > 1e-3


def test_users_packed_in_one_row_are_read_as_each_alone(model: SASRec) -> None:
    one, other = ([1, 2, 3], [9_000, 500, 60]), ([4, 5, 6, 7], [800_000, 700_000, 90, 5])
    alone = [hidden(model, *user) for user in (one, other)]
    moment = 1_000  # of the second user's ages: any will do, as only differences count
    ages = [*one[1], *(age + moment for age in other[1]), 0]
    requests = [500, 60, 0, *(age + moment for age in [*other[1][1:], 0]), 0]
    packing = Packing(*(tf.constant([row]) for row in ([1, 1, 1, 2, 2, 2, 2, 0], [0, 1, 2, 0, 1, 2, 3, 0], requests)))
    packed = model.hidden(history([*one[0], *other[0], 0], ages), packing).states[0]
    np.testing.assert_allclose(packed[:3], alone[0], atol=1e-5)
    np.testing.assert_allclose(packed[3:7], alone[1], atol=1e-5)


def test_the_memory_listens_by_time_in_training_as_in_scoring(model: SASRec) -> None:
    assert model.memory is not None
    items, ages = np.zeros((2, 1, CHUNK), np.int32)
    items[0, -5:], ages[0, -5:] = [1, 2, 3, 4, 5], [900, 800, 70, 6, 5]
    whole = History(tf.constant(items), tf.constant(ages))
    stream = tf.random.normal([1, CHUNK, 16])
    segments, requests = tf.cast(whole.items > 0, tf.int32), tf.constant(np.pad(ages[:, 1:], [(0, 0), (0, 1)]))
    band = model.memory.attention.band(stream, embed(model.items, whole.items), whole, segments, requests)
    newest = whole.map(lambda channel: channel[:, -NEWEST:])
    found = model.memory.attention.newest_weights(stream[:, -1], embed(model.items, newest.items), newest)
    np.testing.assert_allclose(band.weights[0, 0, -1, -NEWEST:], found[0], atol=1e-6)
