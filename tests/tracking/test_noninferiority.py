"""How much worse a candidate may be, and how sure of that so many users make one."""

from math import ceil, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.tracking.registry.gate import check_quality
from recsys.tracking.registry.noninferiority import noninferiority

Z = 1.959963984540054  # of the standard normal, 97.5 %
Z_POWER = 0.8416212335729143  # 80 %


def test_three_users_by_hand() -> None:
    """Sums 1.5 and 2.0, so 25 % worse; what is left of each user when 0.75 of the rival's is taken away: by hand."""
    found = noninferiority(np.array([1.0, 0.5, 0.0]), np.array([1.0, 0.5, 0.5]), np.array([7, 8, 9]))
    residues = [1.0 - 0.75 * 1.0, 0.5 - 0.75 * 0.5, 0.0 - 0.75 * 0.5]
    spread = sqrt(sum(residue**2 for residue in residues) + 2) / 2.0
    assert found.difference == pytest.approx(-0.25)
    assert found.bound == pytest.approx(-0.25 - Z * spread)
    assert found.detectable == pytest.approx((Z + Z_POWER) * spread)
    assert found.users == 3


def test_the_targets_of_one_user_are_one_observation() -> None:
    random = np.random.default_rng(0)
    ours, theirs = random.random(200), random.random(200)
    once = noninferiority(ours, theirs, np.arange(200))
    again = noninferiority(np.repeat(ours, 50), np.repeat(theirs, 50), np.repeat(np.arange(200), 50))
    assert again.users == 200
    assert again.difference == pytest.approx(once.difference)
    assert again.bound == pytest.approx(once.bound, rel=0.1)  # 50 targets as if independent would be 7 times as sure
    assert noninferiority(np.repeat(ours, 50), np.repeat(theirs, 50), np.arange(10_000)).bound > again.bound / 3


@pytest.mark.parametrize("users", [1, 3, 40])
def test_few_users_who_agree_prove_nothing(users: int) -> None:
    alike = np.ones(users)
    assert not noninferiority(alike, alike, np.arange(users)).passes(0.05)
    assert noninferiority(np.ones(1000), np.ones(1000), np.arange(1000)).passes(0.05)


def test_a_rival_that_reaches_nothing_leaves_nothing_to_lose() -> None:
    nothing, something = np.zeros(5), np.array([0.0, 0.0, 1.0, 0.0, 0.0])
    assert noninferiority(nothing, nothing, np.arange(5)).passes(0.01)
    assert not noninferiority(nothing, nothing, np.arange(5)).is_better
    assert noninferiority(something, nothing, np.arange(5)).is_better


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.99), st.integers(50, 400))
def test_a_larger_margin_and_more_users_never_refuse(seed: int, margin: float, users: int) -> None:
    random = np.random.default_rng(seed)
    ours, theirs = random.random(users), random.random(users)
    found = noninferiority(ours, theirs, np.arange(users))
    assert found.bound < found.difference
    assert not found.passes(margin) or found.passes(min(0.999, margin * 1.5))
    doubled = noninferiority(np.tile(ours, 2), np.tile(theirs, 2), np.arange(2 * users))
    assert doubled.difference == pytest.approx(found.difference)
    assert doubled.bound > found.bound
    # Before it is rounded up to whole users, which sets small numbers further apart than they are.
    needed, same = (one.users * (one.detectable / margin) ** 2 for one in (found, doubled))
    assert needed == pytest.approx(same, rel=0.2)
    assert (found.users_needed(margin), doubled.users_needed(margin)) == (ceil(needed), ceil(same))


def test_the_bound_holds_as_often_as_it_says() -> None:
    """Rankings of two models alike but for a true loss of 10 %: the bound is above it in 2.5 % of 2,000 draws."""
    random, above, users = np.random.default_rng(1), 0, 500
    for _ in range(2000):
        theirs = (random.random(users) < 0.4).astype(float)
        ours = np.where(random.random(users) < 0.1, 0.0, theirs)
        above += noninferiority(ours, theirs, np.arange(users)).bound > -0.1
    assert 0.015 < above / 2000 < 0.04


def test_the_evidence_says_what_so_many_users_can_show() -> None:
    random = np.random.default_rng(2)
    theirs = (random.random(900) < 0.2).astype(float)
    ours = random.permutation(theirs)  # as good, of quite other users
    check = check_quality("quality", "the champion (version 3)", "hr@10", (ours, theirs), np.arange(900), 0.05)
    assert not check.passed
    assert check.test is not None
    needed = check.test.users_needed(0.05)
    assert needed > 900
    for told in (
        "validation hr@10",
        "the champion (version 3)",
        "900 users",
        f"too few for this margin: {needed} would do",
    ):
        assert told in check.evidence
    ample = check_quality("quality", "the champion", "hr@10", (ours, theirs), np.arange(900), 0.5)
    assert ample.passed
    assert "too few" not in ample.evidence


def test_a_candidate_that_is_plainly_worse_is_not_told_to_bring_more_users() -> None:
    theirs = np.ones(900)
    ours = np.where(np.arange(900) % 3 == 0, 0.0, 1.0)
    check = check_quality("best", "the best", "mrr", (ours, theirs), np.arange(900), 0.05)
    assert (check.passed, check.name) == (False, "best")
    assert "-33.3%" in check.evidence
    assert "too few" not in check.evidence
