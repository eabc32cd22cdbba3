"""Ranks inside the graph against the same ranks through numpy, which a scalar oracle holds."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.config.evaluation import EvaluationConfig
from recsys.core.errors import RecsysError
from recsys.core.history import History
from recsys.evaluation.evaluate import EvaluationData, Targets, rank
from recsys.evaluation.graph_ranking import ROWS, GraphRanker
from recsys.models.keras import tf
from tests.evaluation.test_ranking import sequences

ITEMS, LENGTH = 7, 4
SPEC = History(tf.TensorSpec([None, LENGTH], tf.int32))
WEIGHTS = (0.5, 1.0, 3.0)


@pytest.mark.long
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_graph_ranks_as_numpy_does(data: st.DataObject) -> None:
    # Few distinct scores make ties; short histories make repeats, seen targets and OOV items (ITEMS + 1).
    draw = data.draw(st.lists(st.integers(-2, 2), min_size=2 * (ITEMS + 2) ** 2, max_size=2 * (ITEMS + 2) ** 2))
    first, second = np.array(draw, np.float32).reshape(2, ITEMS + 2, ITEMS + 2)
    event = st.integers(1, ITEMS + 1)
    histories = data.draw(
        st.lists(st.tuples(st.lists(event, min_size=2, max_size=6), st.integers(1, ITEMS)), min_size=1, max_size=5)
    )
    filter_seen = data.draw(st.booleans())
    split = sequences(*([*seen, target] for seen, target in histories))
    users, positions = split.targets("test")
    whole = EvaluationData(split, ITEMS, np.zeros(ITEMS + 2))

    def expected(weight: float) -> npt.NDArray[np.float64]:
        def score_all(some: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
            newest = split.histories(some, ends, History(np.empty((0, LENGTH)))).items[:, -1]
            return first[newest] + np.float32(weight) * second[newest]

        return rank(score_all, whole, Targets("test", users, positions), EvaluationConfig(filter_seen=filter_seen))

    ranker = GraphRanker(
        lambda history: [tf.gather(part, history.items[:, -1]) for part in (first, second)],
        SPEC,
        WEIGHTS,
        ITEMS,
        filter_seen,
    )
    np.testing.assert_array_equal(ranker(split, users, positions), [expected(weight) for weight in WEIGHTS])


def test_more_targets_than_fit_one_batch_keep_their_order() -> None:
    # Item i scores -i, so the rank of target i is i; nothing is removed.
    targets = [1 + n % ITEMS for n in range(ROWS + 3)]
    split = sequences(*([1, 1, target] for target in targets))
    scores = -tf.range(ITEMS + 1, dtype=tf.float32)
    ranker = GraphRanker(
        lambda history: [tf.tile(scores[None], [tf.shape(history.items)[0], 1])], SPEC, (1.0,), ITEMS, False
    )
    assert ranker(split, *split.targets("test"))[0].tolist() == targets


def test_a_score_that_is_no_number_is_named() -> None:
    split = sequences([1, 2, 3], [1, 2, 3])
    some = np.zeros([2, ITEMS + 1], np.float32)
    some[1] = np.nan
    ranker = GraphRanker(lambda history: [tf.constant(some)[: tf.shape(history.items)[0]]], SPEC, (1.0,), ITEMS, True)
    with pytest.raises(RecsysError, match="a score of user u1 is not a number"):
        ranker(split, *split.targets("test"))
