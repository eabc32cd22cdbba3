"""One page that shows what a dataset looks like."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

Row = tuple[str, str]  # what is counted, and the count
MAX_BARS = 200
_BODY = """
<h2>What became of every row</h2>
<div class="wide"><table>
{% for label, value in rows %}<tr><td>{{ label }}</td><td class="number">{{ value }}</td></tr>
{% endfor %}</table></div>
<h2>What is left</h2>
<div class="wide"><table>
{% for label, value in facts %}<tr><td>{{ label }}</td><td class="number">{{ value }}</td></tr>
{% endfor %}</table></div>
{% for title, svg in plots.items() %}<h2>{{ title }}</h2>
<figure>{{ svg | safe }}<figcaption>{{ explained[title] }}</figcaption></figure>
{% endfor %}
"""
_SHARES = {
    "density": "density: pairs of user and item that occur",
    "tied": "events at the same time as another of their user",
    "repeated": "events on an item that the user had met before",
}
_EXPLAINED = {
    "History lengths": "How many users have how many events; of the longest, a model reads the newest "
    "model.max_length.",
    "Popularity": "Events of each item, the most popular first: the steeper, the fewer items have most of the events.",
    "Activity": "Events by day, in UTC: a gap is a day that the log lacks, a lone day far off a time read wrongly.",
    "Refused rows": "Rows that are no events, by the first thing that is wrong with each; they lie in rejects/.",
}


def write_report(counts: dict[str, Any], stats: dict[str, Any], item_counts: npt.NDArray[np.int64], path: Path) -> None:
    """Write the report: every count, and plots of history lengths, popularity, activity and refused rows."""
    from recsys.pages.figure import to_svg
    from recsys.pages.layout import render_page

    values = {
        "rows": _rows(counts),
        "facts": _facts(stats),
        "plots": {title: to_svg(plot) for title, plot in draw_plots(counts, stats, item_counts).items()},
        "explained": _EXPLAINED,
    }
    path.write_text(render_page(_BODY, "Dataset report", values), encoding="utf-8")


def draw_plots(
    counts: dict[str, Any], stats: dict[str, Any], item_counts: npt.NDArray[np.int64]
) -> "dict[str, Figure]":
    """The report's figures by their titles; refused rows only where there are any."""
    from recsys.pages.figure import panels, styled

    plots: dict[str, Callable[[Axes], None]] = {
        "History lengths": lambda axes: _history_lengths(axes, stats["history_lengths"]),
        "Popularity": lambda axes: _popularity(axes, item_counts),
        "Activity": lambda axes: _activity(axes, stats["events_by_day"]),
    }
    if counts["rejected"]:
        plots["Refused rows"] = lambda axes: _refused(axes, counts["rejected"])
    figures = {}
    with styled():
        for title, plot in plots.items():
            figures[title], (axes,) = panels(1, 3)
            plot(axes)
    return figures


def _history_lengths(axes: "Axes", histories: dict[str, int]) -> None:
    users = {int(length): count for length, count in histories.items()}
    edges = np.unique(np.geomspace(min(users), max(users) + 1, 40).astype(int))
    axes.hist(list(users), bins=edges.tolist(), weights=list(users.values()))
    axes.set(xscale="log", xlabel="events of a user", ylabel="users")
    axes.set_xlim(edges[0], edges[-1])
    _tick_log_axis(axes.xaxis, edges[0], edges[-1])


def _popularity(axes: "Axes", item_counts: npt.NDArray[np.int64]) -> None:
    ranked = np.sort(item_counts[item_counts > 0])[::-1]
    axes.plot(np.arange(1, len(ranked) + 1), ranked, marker="." if len(ranked) < 50 else "")
    axes.set(xscale="log", yscale="log", xlabel="rank of the item", ylabel="events")
    axes.set(xlim=(1 / 1.1, len(ranked) * 1.1), ylim=(ranked[-1] / 1.1, ranked[0] * 1.1))
    _tick_log_axis(axes.xaxis, 1, len(ranked))
    _tick_log_axis(axes.yaxis, ranked[-1], ranked[0])


def _tick_log_axis(axis: "Axis", low: float, high: float) -> None:
    """Plain numbers; under two decades powers of ten would be too rare."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    if high < 100 * low:
        whole = MaxNLocator(8, integer=True, steps=[1, 2, 5, 10], min_n_ticks=1)
        axis.set_major_locator(whole if high < 10 * low else LogLocator(subs=(1, 2, 5)))
        axis.set_minor_locator(NullLocator())


def _activity(axes: "Axes", days: dict[str, int]) -> None:
    moments = np.array(list(days), "datetime64[D]")
    since = (moments - moments[0]).astype(int)
    width = 1 + int(since[-1]) // MAX_BARS
    covered = np.bincount(np.arange(since[-1] + 1) // width)  # the last bar may hold fewer days
    events = np.bincount(since // width, weights=list(days.values())) / covered
    edges = moments[0] + width * np.arange(len(events) + 1)
    axes.bar(edges[:-1], events, width=width, align="edge")
    axes.set(ylabel="events a day" if width == 1 else f"events a day,\nmean of {width} days")
    axes.set_xlim(edges[0], edges[-1])
    ticks = edges[:: 1 + len(events) // 10]
    axes.set_xticks(ticks, [str(day) for day in ticks])  # Matplotlib's own dates end with the year 9999
    axes.tick_params(axis="x", rotation=30)


def _refused(axes: "Axes", rejected: dict[str, int]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.barh(list(rejected), list(rejected.values()))
    axes.set(xlabel="rows")
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))


def _rows(counts: dict[str, Any], prefix: str = "") -> list[Row]:
    rows: list[Row] = []
    for name, value in counts.items():
        label = prefix + ("taken over" if name == "stored" else name.replace("_", " "))  # as the terminal has it
        if isinstance(value, dict):
            rows += _rows(value, f"{prefix}{name}: ")
        elif isinstance(value, list):
            rows.append((label, _rounds(value)))
        else:
            rows.append((label, f"{value:,}"))
    return rows


def _rounds(dropped: list[int]) -> str:
    """How often the core was taken, and what each round dropped."""
    rounds = f"{len(dropped)} round{'s' * (len(dropped) > 1)}: {', '.join(f'{one:,}' for one in dropped)}"
    return rounds if dropped else "nothing dropped"


def _facts(stats: dict[str, Any]) -> list[Row]:
    """Rows about the events that are left, of those statistics that there are."""
    moments = {"first event": "first_event", "last event": "last_event"}
    rows = [(label, f"{np.datetime64(stats[key] // 1000, 's')} UTC") for label, key in moments.items() if key in stats]
    sums = {"sessions": "sessions", "users who validate": "validation_users", "users who test": "test_users"}
    rows += [(label, f"{stats[key]:,}") for label, key in sums.items() if key in stats]
    rows += [(label, f"{stats[key]:.3%}") for key, label in _SHARES.items() if key in stats]
    return rows + [(f"{name} without an event that trains", f"{n:,}") for name, n in stats.get("cold", {}).items()]
