"""Groups held against one of them, user by user."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pyarrow as pa

from recsys.core.errors import ConfigError
from recsys.evaluation.significance import holm, paired_test
from recsys.experiments.comparison import Comparison
from recsys.experiments.group import Group
from recsys.experiments.measured_run import MeasuredRun
from recsys.experiments.ranks import aligned, mean_values

# The ranks of a run's split: the model's, or those of the baseline that is named.
RanksOf = Callable[[MeasuredRun, str | None], pa.Table]


def pair_with(comparison: Comparison, baseline: str, ranks_of: RanksOf) -> Comparison:
    """The comparison with each trained group paired, user by user, with the group that ``baseline`` names.

    A user's values are averaged over a group's seeds first.

    Args:
        baseline: a run, a group's label, or one of the baselines that runs are held against, such as ``markov``.

    Raises:
        ConfigError: no group, or several, answer to ``baseline``.
        DataError: groups were not evaluated on the same targets, or a baseline's ranks were not kept.
    """
    control = named(comparison, baseline)
    held = _ranks(control, ranks_of)
    against = {}
    for group in comparison.groups:
        if group is not control:
            users, ranks = aligned([*held, *_ranks(group, ranks_of)])
            before, after = (mean_values(some, comparison.metric) for some in (ranks[: len(held)], ranks[len(held) :]))
            against[group.key] = paired_test(after, before, users)
    corrected = dict(zip(against, holm([test.p_value for test in against.values()]), strict=True))
    return replace(comparison, baseline=control, against=against, corrected=corrected)


def named(comparison: Comparison, baseline: str) -> Group:
    """The one group that answers to ``baseline``.

    Raises:
        ConfigError: none does, or several.
    """
    matching = [g for g in comparison.groups if g.label == baseline or any(run.matches(baseline) for run in g.runs)]
    found = matching or [group for group in comparison.baselines if group.label == baseline]
    if len(found) != 1:
        labels = ", ".join(group.label for group in (*comparison.groups, *comparison.baselines))
        count = f"{len(found)} configs have runs by that name" if found else "no run by that name"
        raise ConfigError(f"baseline {baseline!r}: {count}; there are: {labels}")
    return found[0]


def _ranks(group: Group, ranks_of: RanksOf) -> Sequence[pa.Table]:
    return [ranks_of(run, group.baseline) for run in group.runs]
