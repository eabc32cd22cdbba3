"""The best items of every user."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys.core.history import History
from recsys.evaluation.ranking import top_items
from recsys.evaluation.recommendations import recommend
from recsys.sequences.sequences import Sequences

FEW = st.sampled_from([0.0, 1.0, 2.0, -np.inf])


@given(arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 12)), elements=FEW), st.integers(1, 15))
def test_best_first_and_ties_by_id(scores, k):
    ids, values = top_items(scores, k)
    for row, (found, value) in enumerate(zip(ids, values, strict=True)):
        expected = sorted(range(scores.shape[1]), key=lambda column: (-scores[row, column], column))[:k]
        assert found.tolist() == expected
        assert value.tolist() == [scores[row, column] for column in expected]


def test_recommends_from_the_whole_history_and_leaves_out_what_was_seen(monkeypatch):
    monkeypatch.setattr("recsys.evaluation.recommendations.CELLS", 12)  # two users a batch
    sequences = Sequences(
        users=np.array(["a", "b", "c"], object),
        offsets=np.array([0, 2, 3, 4]),
        items=np.array([1, 2, 3, 6], np.int32),  # 6 is an OOV bucket of a catalog of 5
        timestamps=np.zeros(4, np.int64),
        train_end=np.array([0, 0, 0]),
        validation_end=np.array([1, 0, 0]),
    )
    histories: list[list[int]] = []

    def score_all(history):
        histories.extend(history.items.tolist())
        return np.tile(np.array([9, 5, 4, 3, 2, 1, 9], np.float32), (len(history.items), 1))

    ids, values = recommend(score_all, sequences, History(np.empty((0, 2))), 5, 4, filter_seen=True, now=0)
    assert histories == [[1, 2], [0, 3], [0, 6]]
    assert ids.tolist()[0][:3] == [3, 4, 5]
    assert values[0].tolist() == [3, 2, 1, -np.inf]
    assert ids.tolist()[1:] == [[1, 2, 4, 5], [1, 2, 3, 4]]
