"""The comparison page's plots, as SVG text that stands inside the page."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from recsys.experiments.comparison import Comparison

BEST = 30  # groups drawn at most; more would not be read
# Labels come from the store and are not formulas; ids are fixed so that the same comparison gives the same page.
_STYLE: dict[Any, Any] = {"text.parse_math": False, "svg.hashsalt": "recsys", "svg.fonttype": "none"}

Curve = tuple[Sequence[int], Sequence[float]]  # epochs and values


@mpl.rc_context(_STYLE)
def interval_chart(comparison: Comparison) -> str:
    """Each group's metric with its interval over seeds and every seed as a dot, best on top."""
    key = comparison.key(comparison.metric)
    groups = [group for group in comparison.groups if group.estimate(key)][:BEST]
    figure, axes = _figure(0.8 + 0.32 * len(groups))
    for row, group in enumerate(groups):
        estimate = group.estimate(key)
        assert estimate is not None
        values = [run.metrics[key] for run in group.runs if key in run.metrics]
        axes.plot(values, [row] * len(values), "o", color="C0", alpha=0.35, markersize=5)
        axes.plot([estimate.mean], [row], "D", color="C0", markersize=6)
        if estimate.interval:
            axes.plot([estimate.interval.low, estimate.interval.high], [row, row], "-", color="C0", linewidth=2)
    axes.set_yticks(range(len(groups)), [group.label for group in groups])
    axes.margins(y=0.2)
    axes.invert_yaxis()
    axes.set_xlabel(f"{comparison.split} {comparison.metric.upper()}")
    return _svg(figure)


@mpl.rc_context(_STYLE)
def pareto_chart(comparison: Comparison) -> str:
    """Quality against size of every bundle, the front joined by a line; a larger dot is slower."""
    figure, axes = _figure(3.4)
    slowest = max(variant.milliseconds for variant in comparison.variants)
    for variant in comparison.variants:
        on_front = variant in comparison.pareto
        size = 20 + 120 * variant.milliseconds / slowest
        axes.scatter(variant.bytes / 1024, variant.quality, s=size, color="C1" if on_front else "0.7", zorder=2)
        axes.annotate(
            f"{variant.group.label} {variant.name}",
            (variant.bytes / 1024, variant.quality),
            textcoords="offset points",
            xytext=(6, 5),
            fontsize=7,
        )
    front = sorted(comparison.pareto, key=lambda variant: variant.bytes)
    axes.plot([v.bytes / 1024 for v in front], [v.quality for v in front], "-", color="C1", linewidth=1, zorder=1)
    axes.set_xlabel("KiB that a phone downloads")
    axes.set_ylabel(comparison.metric.upper())
    axes.margins(0.15)
    return _svg(figure)


@mpl.rc_context(_STYLE)
def curve_chart(curves: Mapping[str, Curve], metric: str) -> str:
    """A validation metric by epoch, one line a run."""
    figure, axes = _figure(3.4)
    for label, (epochs, values) in curves.items():
        axes.plot(epochs, values, label=label, linewidth=1.3, marker="." if len(epochs) < 3 else None)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"validation {metric.upper()}")
    axes.legend(fontsize=7, frameon=False)
    return _svg(figure)


def _figure(height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(8, height), layout="constrained")
    axes = figure.add_subplot()
    axes.grid(visible=True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
