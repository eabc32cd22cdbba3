"""Lists by hand: two lists of two items in a catalogue of four."""

import numpy as np
import pytest

from recsys.evaluation.lists import describe_lists
from recsys.evaluation.ranking import best_items

COUNTS = np.array([0, 5, 3, 1, 0])


def test_by_hand() -> None:
    top = np.array([[1, 2], [1, 3]], np.int32)
    vectors = np.array([[0, 0], [1, 0], [0, 2], [3, 0], [1, 1]], np.float32)
    found = describe_lists(top, COUNTS, vectors)
    assert found["coverage@2"] == 3 / 4
    shares = [6 / 13, 4 / 13, 2 / 13, 1 / 13]  # one event added to each
    assert found["novelty@2"] == pytest.approx(-np.log2([shares[0], shares[1], shares[0], shares[2]]).mean())
    assert found["popularity@2"] == pytest.approx((5 + 3 + 5 + 1) / 4 / ((25 + 9 + 1) / 9))
    assert found["diversity@2"] == pytest.approx((1 + 0) / 2)  # 1 and 2 are orthogonal, 1 and 3 parallel


def test_best_items_are_sorted() -> None:
    scores = np.array([[-np.inf, 3.0, 9.0, 1.0, 7.0]])
    assert best_items(scores, 3).tolist() == [[2, 4, 1]]
    assert best_items(scores, 10).tolist() == [[2, 4, 1, 3]]
