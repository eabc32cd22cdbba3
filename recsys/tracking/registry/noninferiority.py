"""Whether a candidate is as good as another model to within a margin, by the users whom both ranked for.

A paired test that finds no difference says little where users are few: it would pass almost anything. So the candidate
has to show that it does not lose more than the margin (a non-inferiority test; ICH E9, 1998, section 3.3.2, which
also asks for the one-sided 97.5 %).
"""

from dataclasses import dataclass
from math import ceil, inf, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CONFIDENCE = 0.975  # one-sided
POWER = 0.8  # how often a candidate that is truly as good should pass
_REACH = NormalDist().inv_cdf(CONFIDENCE)
_DETECTABLE = _REACH + NormalDist().inv_cdf(POWER)


@dataclass(frozen=True)
class NonInferiority:
    """A candidate held against a rival.

    Attributes:
        difference: of the candidate's mean to the rival's, as a share of the rival's: −0.02 is 2 % worse.
        bound: what the true difference is not below, with 97.5 % confidence.
        users: how many were compared; a user's targets are one.
        detectable: the smallest margin that a candidate truly as good as its rival passes in 80 of 100 cases.
    """

    difference: float
    bound: float
    users: int
    detectable: float

    def passes(self, margin: float) -> bool:
        """Whether the true loss is below ``margin``, a share, with confidence."""
        return self.bound > -margin

    @property
    def is_better(self) -> bool:
        """Whether the candidate is truly better, with confidence."""
        return self.bound > 0

    def users_needed(self, margin: float) -> int:
        """How many users of this kind make ``margin`` detectable."""
        return ceil(self.users * (self.detectable / margin) ** 2)


def noninferiority(candidate: Floats, rival: Floats, users: npt.NDArray[Any]) -> NonInferiority:
    """Compare two models by one metric, paired over users.

    >>> alike = np.tile([1.0, 0.0], 500)
    >>> found = noninferiority(alike, alike, np.arange(1000))
    >>> found.difference, round(found.bound, 4), round(found.detectable, 4)
    (0.0, -0.0055, 0.0079)

    Args:
        candidate, rival: ``[targets]``, the metric's value at each, from 0 to 1.
        users: ``[targets]``, whose target each is: the targets of one user stand or fall together.
    """
    _, owner = np.unique(users, return_inverse=True)
    ours, theirs = np.bincount(owner, candidate), np.bincount(owner, rival)  # [users]
    count, total = len(ours), float(theirs.sum())
    if not total:
        # Nothing to lose; and nothing that a share could be taken of.
        gain = inf if ours.any() else 0.0
        return NonInferiority(gain, gain, count, 0.0)
    ratio = float(ours.sum()) / total
    # Of a ratio of means, linearised. The two are for what so few users cannot rule out: one for whom a target goes
    # from the first place to nowhere, and one the other way. Without them, three users who agree would prove anything.
    spread = sqrt(float(((ours - ratio * theirs) ** 2).sum()) + 2) / total
    return NonInferiority(ratio - 1, ratio - 1 - _REACH * spread, count, _DETECTABLE * spread)
