"""The chain's walks follow its table, and its best ranking is what a scalar count says."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.log.synthetic.chain import MarkovChain
from tests.known_answer import best_ranks

# From item 0: 1 (weight 1), 2 (1/2), 1 again (1/3); weights sum to 11/6.
HAND_MADE = MarkovChain(np.array([[1, 2, 1], [0, 2, 3], [3, 0, 1], [2, 2, 2]], np.int32), np.full(4, 0.25))


def test_weights_of_a_successor_drawn_twice_add_up() -> None:
    followers, probabilities = HAND_MADE.next_probabilities(0)
    # (1 + 1/3) / (11/6) = 8/11 and (1/2) / (11/6) = 3/11
    assert followers.tolist() == [1, 2]
    assert probabilities.tolist() == pytest.approx([8 / 11, 3 / 11])


def test_best_metrics_by_hand() -> None:
    # Best list for item 0 at k = 1: item 1, hit with 8/11. For item 3: item 2 always follows.
    best = HAND_MADE.best_metrics(np.array([0, 3], np.int32), 1)
    assert best == pytest.approx({"hr@1": (8 / 11 + 1) / 2, "ndcg@1": (8 / 11 + 1) / 2})
    # At k = 2 both followers of item 0 are in the list, the second discounted by log2(3).
    best = HAND_MADE.best_metrics(np.array([0], np.int32), 2)
    assert best == pytest.approx({"hr@2": 1.0, "ndcg@2": 8 / 11 + 3 / 11 / math.log2(3)})


def test_best_ranks_by_hand() -> None:
    assert best_ranks(HAND_MADE, np.array([0, 0, 1], np.int32), np.array([1, 2, 3], np.int32)).tolist() == [1, 2, 3]
    level = MarkovChain(np.array([[0, 1, 1, 1]], np.int32), np.ones(1))
    # 1 against 1/2 + 1/3 + 1/4 = 13/12: no tie, item 1 leads
    assert best_ranks(level, np.array([0, 0], np.int32), np.array([1, 0], np.int32)).tolist() == [1, 2]
    with pytest.raises(ValueError, match="item 3 never follows item 0"):
        best_ranks(HAND_MADE, np.array([0], np.int32), np.array([3], np.int32))


@settings(max_examples=30, deadline=None)
@given(
    items=st.integers(2, 30),
    branching=st.integers(1, 8),
    zipf=st.floats(0, 2),
    lengths=st.lists(st.integers(0, 12), min_size=1, max_size=9),
    seed=st.integers(0, 1000),
)
def test_walks_follow_the_chain(items: int, branching: int, zipf: float, lengths: list[int], seed: int) -> None:
    chain = MarkovChain.draw(items, branching, zipf, seed)
    walks = chain.walk(np.array(lengths, np.int64), np.random.default_rng(seed))
    assert len(walks) == sum(lengths)
    start = 0
    for length in lengths:
        walk = walks[start : start + length].tolist()
        assert all(b in chain.successors[a] for a, b in pairwise(walk))
        assert all(0 <= item < items for item in walk)
        start += length


def test_steps_have_the_probabilities_they_claim() -> None:
    chain = MarkovChain.draw(5, 3, 0.5, 7)
    walk = chain.walk(np.array([60_000]), np.random.default_rng(1))
    for item in range(5):
        after = walk[1:][walk[:-1] == item]
        followers, probabilities = chain.next_probabilities(item)
        found = [(after == follower).mean() for follower in followers]
        # three standard errors of a frequency over len(after) draws, at its largest
        assert found == pytest.approx(probabilities.tolist(), abs=3 * 0.5 / math.sqrt(len(after)))


def test_what_follows_is_ranked_as_well_as_promised() -> None:
    chain = MarkovChain.draw(40, 12, 0.0, 3)
    walks = chain.walk(np.full(4000, 6), np.random.default_rng(2)).reshape(4000, 6)
    last, target = walks[:, -2], walks[:, -1]
    ranks = best_ranks(chain, last, target)
    realised = sum(1 / math.log2(rank + 1) for rank in ranks if rank <= 10) / len(ranks)
    # the gain of one user lies in [0, 1]: its standard error over 4,000 is below 0.5 / 63
    assert realised == pytest.approx(chain.best_metrics(last, 10)["ndcg@10"], abs=3 * 0.5 / math.sqrt(4000))


def test_the_seed_decides() -> None:
    one, same, other = (MarkovChain.draw(20, 4, 1.0, seed) for seed in (1, 1, 2))
    assert (one.successors == same.successors).all()
    assert (one.successors != other.successors).any()


def test_zipf_makes_some_items_popular() -> None:
    steep = MarkovChain.draw(100, 10, 1.5, 1)
    counts = np.sort(np.bincount(steep.successors.ravel(), minlength=100))[::-1]
    assert counts[:10].sum() > 0.6 * counts.sum()
    assert np.sort(steep.popularity)[::-1][:2].tolist() == pytest.approx(
        [1 / sum(r**-1.5 for r in range(1, 101)), 2**-1.5 / sum(r**-1.5 for r in range(1, 101))]
    )
