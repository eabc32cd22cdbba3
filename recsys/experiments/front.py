"""Which bundles nothing beats in quality, size and latency at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from recsys.experiments.group import METRICS_OF, Group
from recsys.experiments.measured_run import MeasuredRun


@dataclass(frozen=True)
class BundleMetrics:
    """One bundle of one run: what a phone downloads, one thread's latency, and its quality by split.

    A bundle is one seed's, so no mean over seeds stands beside it: of each config the exported run that was best on
    validation is shown, which is also the one that ``recsys run`` exports.
    """

    group: Group
    run: MeasuredRun
    name: str
    bytes: float
    milliseconds: float
    quality: dict[str, float]

    @property
    def chosen_by(self) -> float:
        """What the front is drawn by: quality on validation, never on test."""
        return self.quality["validation"]


def bundles_of(groups: Sequence[Group], metric: str) -> list[BundleMetrics]:
    """The bundles of each group's exported run, smallest first."""
    found = [bundle for group in groups for bundle in _exported(group, metric)]
    return sorted(found, key=lambda bundle: (bundle.bytes, bundle.group.label, bundle.name))


def front(bundles: Sequence[BundleMetrics]) -> list[BundleMetrics]:
    """The bundles that no other beats: none is as good, as small and as fast, and better in one of the three."""
    return [one for one in bundles if not any(_dominates(other, one) for other in bundles)]


def _exported(group: Group, metric: str) -> list[BundleMetrics]:
    by_run = {run.run_id: _bundles(group, run, metric) for run in group.runs}
    exported = [run for run in group.runs if by_run[run.run_id]]
    if not exported:
        return []
    best = max(exported, key=lambda run: run.metrics.get(f"{METRICS_OF['validation']}/{metric}", float("-inf")))
    return by_run[best.run_id]


def _bundles(group: Group, run: MeasuredRun, metric: str) -> list[BundleMetrics]:
    names = sorted({name.split("/")[1] for name in run.metrics if name.startswith("bundle/")})
    found = []
    for name in names:
        size, latency = (run.metrics.get(f"bundle/{name}/{key}") for key in ("bytes", "median_ms"))
        measured = {split: run.metrics.get(f"bundle/{name}/{split}/{metric}") for split in ("validation", "test")}
        quality = {split: value for split, value in measured.items() if value is not None}
        if size is not None and latency is not None and "validation" in quality:
            found.append(BundleMetrics(group, run, name, size, latency, quality))
    return found


def _dominates(one: BundleMetrics, other: BundleMetrics) -> bool:
    mine, its = ((-b.bytes, -b.milliseconds, b.chosen_by) for b in (one, other))
    return mine != its and all(a >= b for a, b in zip(mine, its, strict=True))
