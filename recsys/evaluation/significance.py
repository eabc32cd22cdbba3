"""How much of a difference is noise: intervals over seeds and users, and paired tests between two runs.

Per-user metrics take few distinct values (NDCG@10 of one target takes eleven), so resampling users is drawing how
often each value comes up: the same distribution as picking users one by one, at a thousandth of the cost. Where they
take many (means over seeds), there are as many users, and the normal limits of both distributions take their place.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from recsys.core.errors import ConfigError
from recsys.evaluation.metrics import hit_rate, ndcg, reciprocal_rank

RESAMPLES = 10_000
CONFIDENCE = 0.95
MANY_LEVELS = 300

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Where a mean lies, with the stated confidence."""

    low: float
    high: float


@dataclass(frozen=True)
class PairedTest:
    """``treated`` against ``control`` over the same users.

    Attributes:
        difference: mean of treated minus control, over targets.
        interval: of the difference, by bootstrap over users.
        p_value: two-sided, by randomly swapping the two runs of each user.
        targets, users: how many; a user's targets stand or fall together.
    """

    difference: float
    interval: Interval
    p_value: float
    targets: int
    users: int


def metric_values(ranks: Floats, name: str) -> Floats:
    """One value a target, ``[n]`` ranks to ``[n]``, for ``hr@k``, ``ndcg@k`` or ``mrr``.

    Raises:
        ConfigError: another name.
    """
    found = re.fullmatch(r"(hr|ndcg)@([1-9]\d*)", name)
    if found:
        return (hit_rate if found[1] == "hr" else ndcg)(ranks, int(found[2]))
    if name == "mrr":
        return reciprocal_rank(ranks)
    raise ConfigError(f"metric {name!r}: expected hr@K, ndcg@K or mrr")


def influences(values: Floats, users: npt.NDArray[Any]) -> Floats:
    """One value a user, ``[targets]`` to ``[users]``, whose mean and spread are those of the mean over all targets.

    A user's targets are not independent, and users have more or fewer of them, so the mean over targets is a ratio of
    two sums over users. This is its linearisation (Cochran, 1977, chapter 6); where each user has one target, it is
    the values themselves.

    >>> influences(np.array([1.0, 0.0, 0.0]), np.array(["a", "b", "c"])).tolist()
    [1.0, 0.0, 0.0]
    """
    _, owner, counts = np.unique(users, return_inverse=True, return_counts=True)
    if len(counts) == len(values):
        return values[np.argsort(owner)]
    mean, sums = values.mean(), np.bincount(owner, values)
    found: Floats = mean + (sums - mean * counts) * (len(counts) / len(values))
    return found


def bootstrap_interval(
    values: Floats,
    users: npt.NDArray[Any] | None = None,
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap of the mean of ``values [n]`` (Efron and Tibshirani, 1993, chapter 13).

    Args:
        users: ``[n]``, whose each value is: users are drawn, with all that is theirs; None where each has one.
    """
    if users is not None:
        values = influences(values, users)
    levels, counts = np.unique(values, return_counts=True)
    if len(levels) > MANY_LEVELS:
        reach = float(stats.norm.ppf((1 + confidence) / 2) * values.std() / len(values) ** 0.5)
        return Interval(float(values.mean()) - reach, float(values.mean()) + reach)
    drawn = np.random.default_rng(seed).multinomial(len(values), counts / len(values), resamples)  # [resamples, levels]
    low, high = np.quantile(drawn @ levels / len(values), [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def paired_test(
    treated: Floats,
    control: Floats,
    users: npt.NDArray[Any] | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> PairedTest:
    """Fisher's randomization test, as Smucker, Allan and Carterette (2007) advise for ranking metrics.

    Args:
        treated, control: ``[n]``, one value a target, in the same order.
        users: ``[n]``, whose target each is; None where each user has one.
    """
    differences: Floats = treated - control
    interval = bootstrap_interval(differences, users, resamples=resamples, seed=seed)
    sums = differences
    if users is not None:  # a user's targets are swapped together
        _, owner = np.unique(users, return_inverse=True)
        sums = np.bincount(owner, differences).astype(np.float64)
    return PairedTest(
        difference=float(differences.mean()),
        interval=interval,
        p_value=_swapping(sums, resamples, seed),
        targets=len(differences),
        users=len(sums),
    )


def _swapping(differences: Floats, resamples: int, seed: int) -> float:
    """How often random signs of ``differences [n]`` give a sum at least as large as theirs."""
    observed = abs(float(differences.sum()))
    levels, counts = np.unique(np.abs(differences), return_counts=True)
    if len(levels) > MANY_LEVELS:
        return float(2 * stats.norm.sf(observed / np.sqrt((differences**2).sum())))
    positive = np.random.default_rng(seed).binomial(counts, 0.5, (resamples, len(levels)))  # of each size, how many
    sums = (2 * positive - counts) @ levels
    # The observed sum adds up in another order; without a hair of slack rounding would decide ties.
    slack = 1e-9 * max(1.0, float(np.abs(differences).sum()))
    extreme = int(np.count_nonzero(np.abs(sums) >= observed - slack))
    return (1 + extreme) / (1 + resamples)


def seed_interval(means: Sequence[float]) -> Interval | None:
    """Student's interval for the mean over seeds; None for a single seed, which says nothing of the spread."""
    if len(means) < 2:
        return None
    centre, reach = float(np.mean(means)), seed_reach(float(np.std(means, ddof=1)), len(means))
    return Interval(centre - reach, centre + reach)


def seed_reach(std: float, seeds: int) -> float:
    """Half of Student's interval for the mean over ``seeds`` whose sample standard deviation is ``std``."""
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, seeds - 1) * std / seeds**0.5)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for having looked at all of them (Holm, 1979), in the order given.

    >>> holm([0.01, 0.04, 0.02])  # 3 × 0.01, then 2 × 0.02, then 0.04
    [0.03, 0.04, 0.04]
    """
    order = np.argsort(p_values, kind="stable")
    corrected = np.empty(len(p_values))
    largest = 0.0
    for place, index in enumerate(order):
        largest = max(largest, min(1.0, p_values[index] * (len(p_values) - place)))
        corrected[index] = largest
    return corrected.tolist()
