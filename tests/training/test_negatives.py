"""How often negatives are drawn is what log Q says."""

import numpy as np
import pytest

from recsys.config.training import NegativesConfig
from recsys.training.batches.negatives import NegativeSampler

COUNTS = np.array([50, 30, 15, 5, 0])
TARGETS = np.array([1, 1, 2, 3, 1], np.int32)


@pytest.mark.parametrize(
    "mixture",
    [
        {"uniform": 3},
        {"uniform": 0, "popularity": 4},
        {"uniform": 0, "in_batch": 4},
        {"uniform": 2, "popularity": 3, "in_batch": 2},
    ],
)
def test_expected_counts_are_the_counts_found(mixture: dict[str, int]) -> None:
    sampler = NegativeSampler(NegativesConfig(**mixture), COUNTS)
    rng = np.random.default_rng(0)
    found, said, draws = np.zeros(6), {}, 6000
    for _ in range(draws):
        negatives, log_expected = sampler.draw(rng, TARGETS)
        np.add.at(found, negatives, 1)
        said.update(zip(negatives.tolist(), np.exp(log_expected).tolist(), strict=True))
    for item, expected in said.items():
        assert found[item] / draws == pytest.approx(expected, rel=0.1, abs=0.02), f"item {item}"
    assert sum(found) / draws == sum(mixture.values())


def test_uniform_negatives_are_distinct_and_never_padding() -> None:
    sampler = NegativeSampler(NegativesConfig(uniform=9), COUNTS)
    negatives, log_expected = sampler.draw(np.random.default_rng(1), TARGETS)
    assert sorted(negatives.tolist()) == [1, 2, 3, 4, 5], "five items can give no more than five"
    np.testing.assert_allclose(log_expected, 0.0)


def test_uncorrected_says_nothing_of_expectations() -> None:
    sampler = NegativeSampler(NegativesConfig(uniform=2, correct=False), COUNTS)
    assert sampler.draw(np.random.default_rng(1), TARGETS)[1].tolist() == [0.0, 0.0]


def test_buckets_of_unknown_items_are_no_negatives() -> None:
    sampler = NegativeSampler(NegativesConfig(uniform=0, in_batch=50), COUNTS)
    negatives, log_expected = sampler.draw(np.random.default_rng(1), np.array([1, 7, 2, 9], np.int32))
    assert set(negatives.tolist()) == {1, 2}
    np.testing.assert_allclose(np.exp(log_expected), 25.0)


def test_a_batch_of_unknown_items_only_gives_no_negatives_of_its_own() -> None:
    sampler = NegativeSampler(NegativesConfig(uniform=2, in_batch=3), COUNTS)
    negatives, log_expected = sampler.draw(np.random.default_rng(0), np.array([6, 7], np.int32))
    assert len(negatives) == 2
    np.testing.assert_allclose(log_expected, np.log(2 / 5), rtol=1e-6)
