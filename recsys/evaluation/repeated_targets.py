"""Targets that their users had met before, which a filter of seen items makes easy to guess."""

import numpy as np

from recsys.config.evaluation import EvaluationConfig
from recsys.evaluation.evaluate import EvaluationData, targets_of
from recsys.evaluation.ranking import seen_cells

LOOKED_AT = 10_000  # targets, at most
TOLD = 0.05  # share of them from which it is told


def describe_repeated(data: EvaluationData, split: str, config: EvaluationConfig) -> str | None:
    """That many targets of ``split`` are items which ``config`` leaves out but for the target; None where few are."""
    if not config.filter_seen:
        return None
    targets = targets_of(data, split, LOOKED_AT)
    rows, items = seen_cells(data.sequences, targets.users, targets.positions)
    wanted = data.sequences.items[targets.positions]
    share = len(np.unique(rows[items == wanted[rows]])) / max(len(wanted), 1)
    if share < TOLD:
        return None
    return (
        f"{share:.0%} of the {split} targets are items that their users had met before; evaluation.filter_seen leaves "
        "all others that they had met out of the ranking, so these are easy to guess and the figures too high: set it "
        "to false where people come back to what they know, or buy it again"
    )
