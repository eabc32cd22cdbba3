"""The comparison page's plots, as SVG text that stands inside the page."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from recsys.experiments.comparison import Comparison
from recsys.experiments.description import settings
from recsys.experiments.front import BundleMetrics
from recsys.experiments.pages.curves import Curve
from recsys.pages.figure import COLOURS, INK, QUIET, panels, shortened, svg, to_log_scale

MOST = 30  # groups drawn; more would not be read
LABEL_LENGTH = 36


def titles(comparison: Comparison) -> dict[str, str]:
    """What a reader tells each row of a comparison by, by its key: its number and the settings it does not share."""
    named = {}
    for number, group in enumerate(comparison.rows, 1):
        about = group.label if group.baseline else ", ".join(settings(comparison, group)) or group.label
        named[group.key] = about if group.baseline else f"{number}  {about}"
    return named


@svg
def interval_chart(comparison: Comparison) -> Figure:
    """Each group's metric: a dot a seed, a diamond for the mean, a bar for the interval; dashed, the best baseline."""
    key, named = comparison.key(comparison.metric), titles(comparison)
    groups = [(group, found) for group in comparison.groups if (found := group.estimate(key)) is not None][:MOST]
    figure, (axes,) = panels(1, 1.0 + 0.34 * len(groups))
    for row, (group, estimate) in enumerate(groups):
        values = [run.metrics[key] for run in group.runs if key in run.metrics]
        axes.plot(values, [row] * len(values), "o", color=COLOURS[0], alpha=0.5, markersize=5)
        axes.plot([estimate.mean], [row], "D", color=COLOURS[0], markersize=6)
        if estimate.interval:
            axes.plot([estimate.interval.low, estimate.interval.high], [row, row], "-", color=COLOURS[0], linewidth=2)
    for baseline in comparison.rows[len(comparison.groups) :][:1]:  # others are farther off, and would squeeze the rest
        reached = baseline.estimate(key)
        assert reached is not None  # as all rows
        axes.axvline(reached.mean, color=COLOURS[1], linestyle="--", linewidth=1.2, label=baseline.label)
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.1)  # inside, it would look like a row
    axes.set_yticks(range(len(groups)), [shortened(named[group.key], LABEL_LENGTH) for group, _ in groups])
    axes.margins(x=0.05, y=0.2)
    axes.invert_yaxis()
    axes.set_xlabel(f"{comparison.split} {comparison.metric.upper()}")
    return figure


@svg
def pareto_chart(comparison: Comparison) -> Figure:
    """Quality on validation against size, and against latency: two views of one front in three dimensions.

    Filled bundles are on the front: none is as good, as small and as fast, and better in one. The steps show the best
    that there is up to a size, or up to a latency; what is filled below them is there for the other's sake.
    """
    figure, both = panels(2, 3.6, share_y=True)
    views: dict[str, Callable[[BundleMetrics], float]] = {
        "KiB that a phone downloads": lambda bundle: bundle.bytes / 1024,
        "median ms of one ranking": lambda bundle: bundle.milliseconds,
    }
    for axes, (label, cost) in zip(both, views.items(), strict=True):
        costs, best = _steps([(cost(bundle), bundle.chosen_by) for bundle in comparison.bundles])
        axes.step(costs, best, where="post", color=QUIET, linewidth=1.2)
        for number, bundle in enumerate(comparison.bundles, 1):
            fill = COLOURS[0] if bundle in comparison.front else "none"
            axes.plot([cost(bundle)], [bundle.chosen_by], "o", color=COLOURS[0], markerfacecolor=fill, markersize=7)
            place = (cost(bundle), bundle.chosen_by)
            # Neighbours in size are numbered on opposite sides, or one's dot would hide the other's number.
            right = number % 2 == 0
            side: dict[str, Any] = {"xytext": (5, 5) if right else (-5, -5), "ha": "left" if right else "right"}
            side["va"] = "bottom" if right else "top"
            axes.annotate(str(number), place, textcoords="offset points", fontsize=8, color=INK, **side)
        axes.set_xlabel(label)
        to_log_scale(axes)
        axes.margins(0.12)
    both[0].set_ylabel(f"validation {comparison.metric.upper()}")
    return figure


@svg
def curve_chart(curves: Mapping[str, Curve], metric: str) -> Figure:
    """A validation metric by epoch: the mean over seeds, in a band from the lowest seed to the highest."""
    figure, (axes,) = panels(1, 3.6)
    for label, curve in curves.items():
        mark = "." if len(curve.epochs) < 3 else None
        (line,) = axes.plot(curve.epochs, curve.mean, label=shortened(label, LABEL_LENGTH), linewidth=1.4, marker=mark)
        if curve.seeds > 1:
            axes.fill_between(curve.epochs, curve.low, curve.high, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"validation {metric.upper()}")
    axes.legend()
    return figure


def _steps(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """The best quality up to each cost; the last step reaches as far as the dearest point."""
    costs: list[float] = []
    best: list[float] = []
    for cost, quality in sorted(points, key=lambda point: (point[0], -point[1])):
        if not best or quality > best[-1]:
            costs.append(cost)
            best.append(quality)
    return [*costs, max(cost for cost, _ in points)], [*best, best[-1]]
