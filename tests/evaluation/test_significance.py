"""Intervals and paired tests, against slow oracles that resample users one by one."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import ConfigError
from recsys.evaluation import significance
from recsys.evaluation.significance import (
    bootstrap_interval,
    holm,
    influences,
    metric_values,
    paired_test,
    seed_interval,
)


def test_metric_values_by_hand():
    ranks = np.array([1.0, 2.0, 10.0, 10.5])
    assert metric_values(ranks, "hr@10").tolist() == [1, 1, 1, 0]
    assert metric_values(ranks, "ndcg@10").tolist() == pytest.approx([1, 1 / math.log2(3), 1 / math.log2(11), 0])
    assert metric_values(ranks, "mrr").tolist() == pytest.approx([1, 0.5, 0.1, 2 / 21])


@pytest.mark.parametrize("name", ["ndcg", "ndcg@0", "recall@10", "hr@10 "])
def test_an_unknown_metric_is_named(name):
    with pytest.raises(ConfigError, match=f"{name!r}: expected"):
        metric_values(np.ones(1), name)


def test_bootstrap_agrees_with_picking_users_one_by_one():
    rng = np.random.default_rng(3)
    values = rng.choice([0.0, 0.3, 1.0], 200, p=[0.6, 0.3, 0.1])
    means = [rng.choice(values, len(values)).mean() for _ in range(4000)]
    low, high = np.quantile(means, [0.025, 0.975])
    fast = bootstrap_interval(values)
    # Both are Monte Carlo; 0.004 is a tenth of the interval's own width.
    assert fast.low == pytest.approx(low, abs=0.004)
    assert fast.high == pytest.approx(high, abs=0.004)


def test_intervals_cover_the_truth_as_often_as_they_say():
    """400 samples of 300 coin flips at 0.3: a 90 % interval misses about 40 of them (3 sigma: 22 to 58)."""
    rng = np.random.default_rng(5)
    samples = (rng.random((400, 300)) < 0.3).astype(float)
    intervals = [bootstrap_interval(sample, confidence=0.9, resamples=1000) for sample in samples]
    misses = sum(not interval.low <= 0.3 <= interval.high for interval in intervals)
    assert 22 <= misses <= 58


def test_randomisation_agrees_with_all_swaps():
    """Eight users: 256 ways to swap the two runs, each as likely as another when the runs are alike."""
    treated = np.array([0.9, 0.8, 0.4, 0.5, 0.1, 0.7, 0.6, 0.3])
    control = np.array([0.5, 0.6, 0.5, 0.1, 0.0, 0.4, 0.6, 0.2])
    differences = treated - control
    sums = [abs(np.dot(signs, differences)) for signs in itertools.product([1, -1], repeat=8)]
    exact = np.mean([s >= abs(differences.sum()) - 1e-12 for s in sums])
    found = paired_test(treated, control, resamples=50_000)
    assert found.p_value == pytest.approx(exact, abs=0.01)
    assert found.difference == pytest.approx(differences.mean())
    assert found.users == 8


def test_a_run_against_itself_is_no_different():
    values = np.random.default_rng(1).random(50)
    found = paired_test(values, values)
    assert (found.difference, found.p_value) == (0, 1)
    assert (found.interval.low, found.interval.high) == (0, 0)


def test_a_clear_difference_is_found_and_noise_is_not():
    rng = np.random.default_rng(2)
    control = rng.choice([0.0, 1.0], 2000, p=[0.8, 0.2])
    better = np.where(rng.random(2000) < 0.1, 1.0, control)
    assert paired_test(better, control).p_value < 0.001
    assert paired_test(rng.permutation(control), control).p_value > 0.05


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40))
def test_swapping_the_runs_mirrors_the_answer(pairs):
    treated, control = np.array(pairs).T
    there, back = (paired_test(*order, resamples=200) for order in ((treated, control), (control, treated)))
    assert there.p_value == back.p_value
    assert there.difference == -back.difference
    assert 0 < there.p_value <= 1
    assert there.interval.low <= there.interval.high


def test_with_many_levels_the_normal_limits_are_the_drawn_ones(monkeypatch):
    rng = np.random.default_rng(4)
    treated, control = rng.random(1500), rng.random(1500) + 0.02
    limit = paired_test(treated, control)
    monkeypatch.setattr(significance, "MANY_LEVELS", 10_000)
    drawn = paired_test(treated, control, resamples=4000)
    # Monte Carlo error of a p-value near .05 with 4,000 draws: 3 sigma are .01.
    assert limit.p_value == pytest.approx(drawn.p_value, abs=0.012)
    assert limit.interval.low == pytest.approx(drawn.interval.low, abs=0.002)
    assert limit.interval.high == pytest.approx(drawn.interval.high, abs=0.002)


def test_seed_interval_by_hand():
    """Means 1, 2, 3: deviation 1, error 1/sqrt(3), Student's t for two degrees of freedom 4.3027."""
    found = seed_interval([1.0, 2.0, 3.0])
    assert found is not None
    assert found.high == pytest.approx(2 + 4.30265 / math.sqrt(3), abs=1e-4)
    assert found.low == pytest.approx(2 - 4.30265 / math.sqrt(3), abs=1e-4)
    assert seed_interval([1.0]) is None


def test_holm_by_hand():
    """Sorted .01 .02 .04 times 3, 2, 1: .03, .04, .04; given in another order."""
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_targets_of_one_user_are_not_independent():
    """No difference but between users: with 20 targets each, one false alarm in twenty, not one in three."""
    rng = np.random.default_rng(5)
    users = np.repeat(np.arange(100), 20)
    alarms = 0
    for _ in range(200):
        shifts = rng.normal(0, 0.2, 100)[users]
        noise = rng.normal(0, 0.1, len(users))
        alarms += paired_test(shifts + noise, np.zeros(len(users)), users, resamples=1000).p_value < 0.05
    assert alarms <= 22  # 10 are expected; 23 or more have a chance of 2 in 10,000


def test_the_difference_stays_the_mean_over_targets():
    treated, users = np.array([1.0, 1.0, 0.0]), np.array(["a", "a", "b"])
    found = paired_test(treated, np.zeros(3), users)
    assert (found.difference, found.targets, found.users) == (pytest.approx(2 / 3), 3, 2)


def test_the_mean_over_targets_by_hand():
    """User a has two targets, b one: the mean is (1 + 0.5 + 0) / 3; a's sum lies .5 above it, b's as much below."""
    found = influences(np.array([1.0, 0.0, 0.5]), np.array(["a", "b", "a"]))
    assert found.tolist() == pytest.approx([0.5 + 0.5 * 2 / 3, 0.5 - 0.5 * 2 / 3])
    assert influences(np.array([3.0, 1.0]), np.array(["b", "a"])).tolist() == [1.0, 3.0]


def test_an_interval_over_targets_agrees_with_picking_users_one_by_one():
    """Users with 1 to 9 targets that share a user's own level: users are drawn with all that is theirs."""
    rng = np.random.default_rng(8)
    counts = rng.integers(1, 10, 300)
    users = np.repeat(np.arange(300), counts)
    values = (rng.random(len(users)) < rng.choice([0.05, 0.8], 300)[users]).astype(float)
    sums = np.bincount(users, values)
    drawn = rng.integers(300, size=(4000, 300))
    low, high = np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [0.025, 0.975])
    found = bootstrap_interval(values, users)
    assert found.low == pytest.approx(low, abs=0.01)  # the interval is ten times as wide
    assert found.high == pytest.approx(high, abs=0.01)
    narrow = bootstrap_interval(values)
    assert found.high - found.low > 1.5 * (narrow.high - narrow.low), "targets taken for independent"
