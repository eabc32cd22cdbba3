"""Lists by hand: two lists of two items in a catalog of four."""

import numpy as np
import pytest

from recsys.evaluation.lists import describe_lists

COUNTS = np.array([0, 5, 3, 1, 0])


def test_by_hand() -> None:
    top = np.array([[1, 2], [1, 3]], np.int32)
    vectors = np.array([[0, 0], [1, 0], [0, 2], [3, 0], [1, 1]], np.float32)
    found = describe_lists(top, np.zeros(top.shape, np.float32), COUNTS, vectors)
    assert found["coverage@2"] == 3 / 4
    shares = [6 / 13, 4 / 13, 2 / 13, 1 / 13]  # one event added to each
    assert found["novelty@2"] == pytest.approx(-np.log2([shares[0], shares[1], shares[0], shares[2]]).mean())
    assert found["popularity@2"] == pytest.approx((5 + 3 + 5 + 1) / 4 / ((25 + 9 + 1) / 9))
    assert found["diversity@2"] == pytest.approx((1 + 0) / 2)  # 1 and 2 are orthogonal, 1 and 3 parallel


def test_places_that_nothing_fills_do_not_count() -> None:
    vectors = np.eye(5, dtype=np.float32)
    whole = describe_lists(np.array([[1, 2]]), np.zeros((1, 2), np.float32), COUNTS, vectors)
    padded = describe_lists(np.array([[1, 2, 0]]), np.array([[0, 0, -np.inf]], np.float32), COUNTS, vectors)
    assert list(whole.values()) == list(padded.values())
