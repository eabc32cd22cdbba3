"""The best items of every user, against scores that the model itself gives one user at a time."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys.config.model import ModelConfig
from recsys.core.history import History
from recsys.evaluation.items.similar_items import nearest
from recsys.evaluation.ranking import top_items
from recsys.features.vector import directions
from recsys.models.events import history_spec
from recsys.models.sasrec import SASRec, build_model
from recsys.scoring.item_index import ItemIndex
from recsys.scoring.query_encoder import QueryEncoder
from recsys.scoring.recommend import ALL, Allowed, Pairs, batches, recommend
from recsys.scoring.related import related
from recsys.sequences.sequences import Sequences

FEW = st.sampled_from([0.0, 1.0, 2.0, -np.inf])
ITEMS, LENGTH, DAY = 30, 32, 86_400_000


@given(arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 40)), elements=FEW), st.integers(1, 15))
def test_best_first_and_ties_by_id(scores, k):
    ids, values = top_items(scores, k)
    for row, (found, value) in enumerate(zip(ids, values, strict=True)):
        ranked = [column for column in range(scores.shape[1]) if np.isfinite(scores[row, column])]
        expected = sorted(ranked, key=lambda column: (-scores[row, column], column))[:k]
        assert found[: len(expected)].tolist() == expected
        assert value[: len(expected)].tolist() == [scores[row, column] for column in expected]
        assert (value[len(expected) :] == -np.inf).all()


def make_model(memory: bool, **settings) -> SASRec:
    about = {"newest": 3, "neighbours": 4} if memory else None
    config = ModelConfig(max_length=LENGTH, width=8, blocks=1, memory=about, **settings)
    model = build_model(config, ITEMS + 3)  # padding and two buckets
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(weight + rng.normal(0, 0.3, weight.shape).astype(np.float32))
    if model.transitions is not None:
        neighbours = np.stack([rng.permutation(np.arange(1, ITEMS + 3))[:4] for _ in range(ITEMS + 3)])
        counts = rng.integers(0, 5, neighbours.shape).astype(np.float32)
        model.transitions.assign_rows(neighbours.astype(np.int32), counts, np.maximum(counts.sum(1), 1))
    return model


def make_sequences(lengths: list[int]) -> Sequences:
    rng = np.random.default_rng(1)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    times = np.concatenate([np.sort(rng.integers(0, 30 * DAY, length)) for length in lengths])
    nothing = np.zeros(len(lengths), np.int64)
    users = np.array([f"u{number}" for number in range(len(lengths))], object)
    return Sequences(users, offsets, rng.integers(1, ITEMS + 3, offsets[-1]).astype(np.int32), times, nothing, nothing)


@pytest.mark.long
@pytest.mark.parametrize(
    ("memory", "settings"),
    [(True, {}), (False, {"positions": "oldest"}), (True, {"positions": "newest", "request_time": True})],
)
def test_as_the_model_scores_one_user_at_a_time(monkeypatch, memory, settings):
    monkeypatch.setattr("recsys.scoring.recommend.ENCODED", 3)
    monkeypatch.setattr("recsys.scoring.recommend.FEWEST", 2)
    monkeypatch.setattr("recsys.scoring.recommend.CELLS", 1)
    model, sequences = make_model(memory, **settings), make_sequences([1, 40, 7, 16, 17, 3, 9, 32, 2])
    shown = np.array([2, 3, 5, 7, 11, 12, 13, 17, 19, 23, 29], np.int32)
    mask = np.zeros((2, len(shown)), np.bool_)
    mask[0, :5] = mask[1, 4:] = True
    values = np.array([0, 1, ALL, -1, ALL, ALL, ALL, ALL, ALL])
    excluded = Pairs(np.array([8, 2]), np.array([11, 29], np.int32))
    found = recommend(
        QueryEncoder(model), ItemIndex.of(model, shown), sequences, 6,
        filter_seen=True, now=40 * DAY, excluded=excluded, allowed=Allowed(values, mask),
    )  # fmt: skip
    for user in range(len(sequences)):
        ends, one = sequences.offsets[user : user + 1] + len(events_of(sequences, user)), np.array([user])
        history: History = sequences.histories(one, ends, history_spec(model.config, None), np.array([40 * DAY]))
        scores = np.asarray(model.score_all(history))[0]
        hidden = {*events_of(sequences, user)} | {8: {11}, 2: {29}}.get(user, set())
        may = {ALL: shown, -1: shown[:0], 0: shown[:5], 1: shown[4:]}[values[user]]
        expected = sorted((item for item in may if item not in hidden), key=lambda item: -scores[item])[:6]
        count = int(np.isfinite(found.scores[user]).sum())
        assert found.ids[user, :count].tolist() == expected
        np.testing.assert_allclose(found.scores[user, :count], scores[expected], rtol=1e-4, atol=1e-4)


def events_of(sequences: Sequences, user: int) -> list[int]:
    return sequences.items[sequences.offsets[user] : sequences.offsets[user + 1]].tolist()


@given(st.lists(st.integers(0, 50), max_size=40))
def test_everyone_is_in_one_batch_that_takes_the_whole_history(lengths):
    found = list(batches(np.array(lengths, np.int64), 4, 16))
    assert sorted(user for users, _ in found for user in users) == list(range(len(lengths)))
    for users, size in found:
        for user in users:
            assert min(lengths[user], 16) <= size
        assert size == min(max(4, *(lengths[user] for user in users)), 16)


def test_related_items_are_those_that_similar_items_finds():
    vectors = np.random.default_rng(2).normal(size=(ITEMS + 1, 5)).astype(np.float32)
    vectors[7] = 0
    unit = directions(vectors)
    shown = np.array([one for one in range(1, ITEMS + 1) if one != 7], np.int32)
    found = related(ItemIndex(unit, shown), np.arange(1, ITEMS + 1, dtype=np.int32), 6)
    for item in range(1, ITEMS + 1):
        rows, cosines = nearest(vectors, item, 6)
        listed = np.isfinite(found.scores[item - 1])
        assert found.ids[item - 1][listed].tolist() == rows.tolist()
        np.testing.assert_allclose(found.scores[item - 1][listed], cosines, atol=1e-6)


def test_a_model_that_broke_is_no_recommender(tmp_path: Path) -> None:
    from recsys.core.errors import RecsysError

    model = make_model(memory=False)
    model.final_norm.weights[0].assign(np.full(8, np.nan, np.float32))
    index = ItemIndex.of(model, np.arange(1, ITEMS + 1, dtype=np.int32))
    with pytest.raises(RecsysError, match="not a number"):
        recommend(QueryEncoder(model), index, make_sequences([3]), 2, filter_seen=False, now=0)
