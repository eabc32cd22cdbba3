"""Runs side by side: seeds of one config as a group, groups held against each other. No MLflow in here."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from recsys.core.errors import ConfigError
from recsys.evaluation.significance import Interval, PairedTest, holm, paired_test, seed_interval
from recsys.experiments.measured_run import MeasuredRun
from recsys.experiments.ranks import aligned, mean_values

# Parameters that say where a run was kept or what repeats it, not what it is.
_NOT_COMPARED = ("training.seed", "tracking.")
# A run's validation metrics stand under validation/ for each epoch, and under best/ for the epoch it chose.
_GROUP_OF = {"test": "test", "validation": "best"}


@dataclass(frozen=True)
class Estimate:
    """A metric over seeds; without an interval where there is only one."""

    mean: float
    std: float | None
    interval: Interval | None


@dataclass(frozen=True)
class BundleMetrics:
    """One bundle of a group: its size, its latency and its quality, each the mean over the seeds exported."""

    group: "Group"
    name: str
    bytes: float
    milliseconds: float
    quality: float


@dataclass(frozen=True)
class Group:
    """The runs of one config."""

    key: str
    runs: tuple[MeasuredRun, ...]

    @property
    def label(self) -> str:
        """The runs' name where they share one, else the data's, and the beginning of the config's digest."""
        first = self.runs[0]
        shared = all(run.name == first.name for run in self.runs)
        if shared:
            return first.label
        return f"{first.data}-{first.config_digest[:6]}"

    @property
    def seeds(self) -> list[int]:
        return sorted(run.seed for run in self.runs)

    def estimate(self, metric: str) -> Estimate | None:
        """The metric over the group's seeds, or None where no run has it."""
        values = [run.metrics[metric] for run in self.runs if metric in run.metrics]
        if not values:
            return None
        std = float(np.std(values, ddof=1)) if len(values) > 1 else None
        return Estimate(float(np.mean(values)), std, seed_interval(values))


@dataclass(frozen=True)
class Comparison:
    """Comparable groups, best on validation first: what is chosen from is never ordered by the test.

    Attributes:
        metric: what they are ordered and tested by, for example ``ndcg@10``.
        split: of what is reported, ``test`` unless told otherwise.
        against: each group's paired test against the baseline, by group key.
        corrected: the tests' p-values after Holm's correction.
    """

    groups: tuple[Group, ...]
    metric: str
    split: str
    baseline: Group | None = None
    against: dict[str, PairedTest] = field(default_factory=dict)
    corrected: dict[str, float] = field(default_factory=dict)

    def key(self, metric: str) -> str:
        """Under which name runs have ``metric`` of the comparison's split."""
        return f"{_GROUP_OF[self.split]}/{metric}"

    @cached_property
    def differing(self) -> list[str]:
        """Parameters that are not the same in all groups, by name."""
        names = sorted({name for group in self.groups for name in group.runs[0].parameters})
        compared = [name for name in names if not name.startswith(_NOT_COMPARED)]
        return [name for name in compared if len({group.runs[0].parameters.get(name) for group in self.groups}) > 1]

    @cached_property
    def variants(self) -> list[BundleMetrics]:
        """Every group's bundles, smallest first."""
        found = [variant for group in self.groups for variant in _variants(group, self.metric)]
        return sorted(found, key=lambda variant: variant.bytes)

    @cached_property
    def pareto(self) -> list[BundleMetrics]:
        """The bundles that no other beats in quality, size and latency at once."""
        return [one for one in self.variants if not any(_dominates(other, one) for other in self.variants)]


def compare(
    runs: Sequence[MeasuredRun], *, metric: str = "ndcg@10", split: str = "test", mixed: bool = False
) -> Comparison:
    """Group runs by config and order the groups by ``metric`` on validation.

    Args:
        mixed: compare even what was measured on different data or in different ways.

    Raises:
        ConfigError: no runs; runs that cannot be compared, with the reason; no run with the metric.
    """
    if not runs:
        raise ConfigError("nothing to compare: the experiment has no complete runs; recsys train makes one")
    if not mixed:
        _refuse_mixture(runs)
    gathered: dict[tuple[str, ...], list[MeasuredRun]] = defaultdict(list)
    for run in runs:
        gathered[run.config_digest, *_conditions(run).values()].append(run)
    groups = [Group("-".join(key), tuple(group)) for key, group in gathered.items()]
    prefix = f"{_GROUP_OF[split]}/"
    key = prefix + metric
    if not any(key in run.metrics for run in runs):
        known = sorted({n.removeprefix(prefix) for run in runs for n in run.metrics if n.startswith(prefix)})
        raise ConfigError(f"no run has the metric {metric!r} on the {split} split; known: {', '.join(known) or 'none'}")
    return Comparison(tuple(sorted(groups, key=lambda group: _order(group, metric))), metric, split)


def pair_with(comparison: Comparison, baseline: str, ranks_of: Callable[[MeasuredRun], pa.Table]) -> Comparison:
    """The comparison with each group paired, user by user, with the group that ``baseline`` names.

    A user's values are averaged over a group's seeds first.

    Raises:
        ConfigError: no group, or several, answer to ``baseline``.
        DataError: groups were not evaluated on the same targets.
    """
    chosen = [g for g in comparison.groups if g.label == baseline or any(r.matches(baseline) for r in g.runs)]
    if len(chosen) != 1:
        labels = ", ".join(group.label for group in comparison.groups)
        found = f"{len(chosen)} configs have runs by that name" if chosen else "no run by that name"
        raise ConfigError(f"baseline {baseline!r}: {found}; there are: {labels}")
    control = [ranks_of(run) for run in chosen[0].runs]
    against: dict[str, PairedTest] = {}
    for group in comparison.groups:
        if group is not chosen[0]:
            users, ranks = aligned([*control, *(ranks_of(run) for run in group.runs)])
            held, treated = ranks[: len(control)], ranks[len(control) :]
            against[group.key] = paired_test(
                mean_values(treated, comparison.metric), mean_values(held, comparison.metric), users
            )
    corrected = dict(zip(against, holm([test.p_value for test in against.values()]), strict=True))
    return Comparison(comparison.groups, comparison.metric, comparison.split, chosen[0], against, corrected)


def measured_alike(runs: Sequence[MeasuredRun], word: str | None = None) -> list[MeasuredRun]:
    """The runs on the same data, by the same protocol as the newest, or as the newest that answers to ``word``.

    Raises:
        ConfigError: none answers to it.
    """
    like = [run for run in runs if word is None or run.matches(word)]
    if word is not None and not like:
        names = ", ".join(sorted({run.name for run in runs})) or "none"
        raise ConfigError(f"baseline {word!r}: no run by that name; there are: {names}")
    return [run for run in runs if _conditions(run) == _conditions(like[-1])]


def _conditions(run: MeasuredRun) -> dict[str, str]:
    """What makes a run's numbers mean the same as another's."""
    return {
        "dataset": run.dataset_digest,
        "protocol": run.protocol,
        "evaluation.filter_seen": run.parameters["evaluation.filter_seen"],
    }


def _refuse_mixture(runs: Sequence[MeasuredRun]) -> None:
    for what in _conditions(runs[0]):
        examples: dict[str, list[str]] = defaultdict(list)
        for run in runs:
            examples[_conditions(run)[what]].append(f"{run.name} ({run.digest[:8]})")
        if len(examples) > 1:
            lines = [f"  {value}: {len(names)} runs, for example {names[0]}" for value, names in examples.items()]
            raise ConfigError(
                "\n".join([f"these runs cannot be compared, they differ in {what}:", *lines])
                + "\nname runs of one kind, or pass --mixed to compare them all the same"
            )


def _order(group: Group, metric: str) -> tuple[float, str]:
    estimate = group.estimate(f"best/{metric}")
    return (-estimate.mean if estimate else float("inf"), group.label)


def _variants(group: Group, metric: str) -> list[BundleMetrics]:
    names = {name.split("/")[1] for run in group.runs for name in run.metrics if name.startswith("bundle/")}
    found = []
    for name in sorted(names):
        columns = [
            [run.metrics[f"bundle/{name}/{key}"] for run in group.runs if f"bundle/{name}/{key}" in run.metrics]
            for key in ("bytes", "median_ms", metric)
        ]
        if all(columns):
            size, latency, quality = (float(np.mean(values)) for values in columns)
            found.append(BundleMetrics(group, name, size, latency, quality))
    return found


def _dominates(one: BundleMetrics, other: BundleMetrics) -> bool:
    no_worse = one.bytes <= other.bytes and one.milliseconds <= other.milliseconds and one.quality >= other.quality
    return no_worse and (one.bytes, one.milliseconds, one.quality) != (other.bytes, other.milliseconds, other.quality)
