"""Ranking metrics against arithmetic done by hand and a scalar oracle."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.evaluation.metrics import hit_rate, ndcg, reciprocal_rank, summarize


def test_three_ranks_by_hand() -> None:
    ranks = np.array([1.0, 3.0, 12.0])
    metrics = summarize(ranks, (10,))
    assert metrics["hr@10"] == pytest.approx(2 / 3)
    assert metrics["ndcg@10"] == pytest.approx((1.0 + 0.5 + 0.0) / 3)  # 1/log2(2), 1/log2(4), beyond 10
    assert metrics["mrr"] == pytest.approx((1 + 1 / 3 + 1 / 12) / 3)


@given(st.lists(st.integers(2, 400), min_size=1, max_size=30), st.integers(1, 50))
def test_the_scalar_oracle_agrees(doubled: list[int], k: int) -> None:
    ranks = [value / 2 for value in doubled]  # ties give halves
    array = np.array(ranks)
    assert hit_rate(array, k).tolist() == [1.0 if rank <= k else 0.0 for rank in ranks]
    expected = [1 / math.log2(1 + rank) if rank <= k else 0.0 for rank in ranks]
    np.testing.assert_allclose(ndcg(array, k), expected)
    np.testing.assert_allclose(reciprocal_rank(array), [1 / rank for rank in ranks])
