"""Runs side by side: seeds of one config as a group, groups ordered on validation, reported on test. No MLflow here."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from recsys.core.errors import ConfigError
from recsys.evaluation.significance import PairedTest
from recsys.experiments.front import BundleMetrics, bundles_of, front
from recsys.experiments.group import METRICS_OF, Group, baselines_of, metric_key
from recsys.experiments.measured_run import MeasuredRun

# Parameters that say where a run was kept or what repeats it, not what it is.
_NOT_COMPARED = ("training.seed", "tracking.")


@dataclass(frozen=True)
class Comparison:
    """Comparable groups, best on validation first: what is chosen from is never ordered by the test.

    Attributes:
        groups: of trained runs, one a config.
        baselines: what all of them were held against; none where the groups were not measured alike.
        metric: what groups are ordered and tested by, for example ``ndcg@10``.
        split: of what is reported, ``test`` unless told otherwise.
        baseline: the group, of ``groups`` or ``baselines``, that the others were tested against.
        against: each other group's paired test against it, by group key.
        corrected: the tests' p-values after Holm's correction.
    """

    groups: tuple[Group, ...]
    metric: str
    split: str
    baselines: tuple[Group, ...] = ()
    baseline: Group | None = None
    against: dict[str, PairedTest] = field(default_factory=dict)
    corrected: dict[str, float] = field(default_factory=dict)

    def key(self, metric: str) -> str:
        """Under which name runs have ``metric`` of the split that is reported."""
        return metric_key(self.split, metric)

    @cached_property
    def rows(self) -> tuple[Group, ...]:
        """All that has figures: the groups, then the baselines that have the metric, best first."""
        key = self.key(self.metric)
        known = [(estimate.mean, one) for one in self.baselines if (estimate := one.estimate(key)) is not None]
        return (*self.groups, *(one for _, one in sorted(known, key=lambda pair: (-pair[0], pair[1].label))))

    @cached_property
    def differing(self) -> list[str]:
        """Parameters that are not the same in all groups, by name.

        Of a section that is null in some groups, what stands in it is compared among the others.
        """
        names = sorted({name for group in self.groups for name in group.runs[0].parameters})
        compared = [name for name in names if not name.startswith(_NOT_COMPARED)]
        return [name for name in compared if len({g.parameter(name) for g in self.groups if g.may_have(name)}) > 1]

    @property
    def has_single_seeds(self) -> bool:
        """Whether a test is of one seed, so that it knows nothing of how much another one would differ."""
        tested = [group for group in self.groups if group.key in self.against or group is self.baseline]
        return any(len(group.runs) == 1 for group in tested)

    @cached_property
    def bundles(self) -> list[BundleMetrics]:
        """Each group's bundles, smallest first."""
        return bundles_of(self.groups, self.metric)

    @cached_property
    def front(self) -> list[BundleMetrics]:
        """The bundles that no other beats in quality on validation, size and latency at once."""
        return front(self.bundles)


def compare(
    runs: Sequence[MeasuredRun], *, metric: str = "ndcg@10", split: str = "test", mixed: bool = False
) -> Comparison:
    """Group runs by config and order the groups by ``metric`` on validation.

    Args:
        split: of what is reported.
        mixed: compare even what was measured on different data or in different ways.

    Raises:
        ConfigError: no runs; runs that cannot be compared, with the reason; no run with the metric.
    """
    if not runs:
        raise ConfigError("nothing to compare: the experiment has no complete runs; recsys train makes one")
    alike = measured_alike(runs)
    if not mixed and len(alike) < len(runs):
        _refuse_mixture(runs)
    gathered: dict[tuple[str, ...], list[MeasuredRun]] = defaultdict(list)
    for run in runs:
        gathered[run.config_digest, *_conditions(run).values()].append(run)
    groups = [Group("-".join(key), tuple(group)) for key, group in gathered.items()]
    prefixes = tuple(metric_key(one, "") for one in METRICS_OF)
    known = {name.partition("/")[2] for run in runs for name in run.metrics if name.startswith(prefixes)}
    if metric not in known:
        raise ConfigError(f"no run has the metric {metric!r}; known: {', '.join(sorted(known)) or 'none'}")
    baselines = baselines_of(runs) if len(alike) == len(runs) else []
    return Comparison(tuple(sorted(groups, key=lambda group: _order(group, metric))), metric, split, tuple(baselines))


def measured_alike(runs: Sequence[MeasuredRun], word: str | None = None) -> list[MeasuredRun]:
    """The runs on the same data, by the same protocol as the newest, or as the newest that answers to ``word``.

    A ``word`` that names a baseline, which all runs have, asks for those like the newest.

    Raises:
        ConfigError: none answers to it.
    """
    like = [run for run in runs if word is None or run.matches(word)]
    if not like and word in {group.label for group in baselines_of(runs)}:
        like = list(runs)
    if not like:
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
    estimate = group.estimate(metric_key("validation", metric))
    return (-estimate.mean if estimate else float("inf"), group.label)
