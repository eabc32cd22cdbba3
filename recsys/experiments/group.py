"""The runs of one config, and what they reached over their seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.evaluation.significance import Interval, seed_interval
from recsys.experiments.measured_run import MeasuredRun

# A run's validation metrics stand under validation/ for each epoch, and under best/ for the epoch it chose.
METRICS_OF = {"test": "test", "validation": "best"}


def metric_key(split: str, metric: str) -> str:
    """Under which name a run has ``metric`` of ``split``."""
    return f"{METRICS_OF[split]}/{metric}"


@dataclass(frozen=True)
class Estimate:
    """A metric over seeds; without an interval where there is only one."""

    mean: float
    std: float | None
    interval: Interval | None


@dataclass(frozen=True)
class Group:
    """Runs that differ in nothing but the seed, or one baseline, which has none.

    Attributes:
        key: tells it from other groups.
        baseline: the name of the baseline; None for trained runs.
    """

    key: str
    runs: tuple[MeasuredRun, ...]
    baseline: str | None = None

    @property
    def label(self) -> str:
        """The runs' name where they share one, else the data's, and the beginning of the config's digest."""
        first = self.runs[0]
        if self.baseline is not None:
            return self.baseline
        if all(run.name == first.name for run in self.runs):
            return first.label
        return first.config_label

    @property
    def seeds(self) -> list[int]:
        return [] if self.baseline is not None else sorted(run.seed for run in self.runs)

    def estimate(self, metric: str) -> Estimate | None:
        """A metric by its key over the group's runs, or None where one lacks it: a mean of some would be another's."""
        values = [run.metrics[metric] for run in self.runs if metric in run.metrics]
        if len(values) < len(self.runs):
            return None
        std = float(np.std(values, ddof=1)) if len(values) > 1 else None
        return Estimate(float(np.mean(values)), std, seed_interval(values))

    def is_read(self, split: str) -> bool:
        """Whether all its runs have figures of ``split``; those of a sweep's trials have none of the test."""
        prefix = metric_key(split, "")
        return all(any(key.startswith(prefix) for key in run.metrics) for run in self.runs)

    def parameter(self, name: str) -> str:
        """A setting's value, ``set`` for a section that is not null, a dash where the group has neither."""
        known = self.runs[0].parameters
        return known.get(name, "set" if any(key.startswith(f"{name}.") for key in known) else "–")

    def may_have(self, name: str) -> bool:
        """Whether no section that ``name`` lies in is null."""
        parts = name.split(".")
        return not any(".".join(parts[:end]) in self.runs[0].parameters for end in range(1, len(parts)))


def baselines_of(runs: Sequence[MeasuredRun]) -> list[Group]:
    """The baselines that any of ``runs``, measured alike, was held against; each as the newest run has it."""
    newest: dict[str, MeasuredRun] = {}
    for run in runs:
        for name in {key.split("/")[1] for key in run.metrics if key.startswith("baseline/")}:
            newest[name] = run
    return [Group(f"baseline/{name}", (_as_baseline(run, name),), name) for name, run in sorted(newest.items())]


def _as_baseline(run: MeasuredRun, name: str) -> MeasuredRun:
    prefix = f"baseline/{name}/"
    metrics = {f"test/{key.removeprefix(prefix)}": run.metrics[key] for key in run.metrics if key.startswith(prefix)}
    return MeasuredRun(**{**vars(run), "name": name, "parameters": {}, "metrics": metrics})
