"""Figures as SVG text that stands inside a page and takes its colours, light or dark, as the reader has it."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

INK = "#010203"  # stands for the page's own text colour, which Matplotlib has no word for
# Seen on white and on black alike; the first seven of Tol's bright scheme without its grey and its yellow.
COLOURS = ("#4477aa", "#ee6677", "#228833", "#aa3377", "#66aacc", "#cc8822", "#9977cc", "#44aa99")
QUIET = "#888888"
WIDTH = 7.2  # inches

# Labels come from logs and stores and are not formulas; ids are fixed, so that the same data give the same page.
_STYLE: dict[Any, Any] = {
    "text.parse_math": False,
    "svg.hashsalt": "recsys",
    "svg.fonttype": "none",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.2,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "axes.prop_cycle": f"cycler(color={list(COLOURS)})",
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "grid.color"), INK
    ),
}

Arguments = ParamSpec("Arguments")


def svg(draw: Callable[Arguments, Figure]) -> Callable[Arguments, str]:
    """``draw`` in this project's style, as text that begins with ``<svg``."""

    @wraps(draw)
    def drawn(*args: Arguments.args, **keywords: Arguments.kwargs) -> str:
        with styled():
            return to_svg(draw(*args, **keywords))

    return drawn


def styled() -> AbstractContextManager[None]:
    """Whatever is drawn inside has this project's style."""
    return mpl.rc_context(_STYLE)


def to_svg(figure: Figure) -> str:
    """A figure drawn in this project's style as text that begins with ``<svg``."""
    buffer = io.StringIO()
    with styled():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :].replace(INK, "currentColor")


def panels(count: int, height: float, *, width: float = WIDTH, share_y: bool = False) -> tuple[Figure, list[Any]]:
    """A figure of ``count`` axes side by side; sizes in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(1, count, squeeze=False, sharey=share_y)[0])


class _LogTicks(LogLocator):
    """Ticks at 1, 2 and 5 times the powers of ten; at more of them where the axis is too short for two of those."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        span = vmax / max(vmin, 1e-12)
        self.set_params(subs=range(1, 10) if span < 2 else (1, 1.5, 2, 3, 5, 7) if span < 5 else (1, 2, 5))
        return super().tick_values(vmin, vmax)


def to_log_scale(axes: Any) -> None:
    """Make the horizontal axis logarithmic, with plain numbers."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(_LogTicks())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))


def shortened(text: str, length: int) -> str:
    """At most ``length`` characters, the last a … where more were there."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
