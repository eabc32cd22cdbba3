"""One page that shows what a dataset looks like."""

import base64
import html
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Dataset report</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
table {{ border-collapse: collapse }} td {{ padding: .15rem 1rem .15rem 0; border-bottom: 1px solid #ddd }}
td + td {{ text-align: right; font-variant-numeric: tabular-nums }} img {{ max-width: 100% }}
</style>
<h1>Dataset report</h1>
<h2>What became of every row</h2>
<table>{rows}</table>
{plots}
</html>
"""


def write_report(counts: dict[str, Any], stats: dict[str, Any], item_counts: npt.NDArray[np.int64], path: Path) -> None:
    """Write the report: every count, and plots of history lengths, popularity, activity and refused rows."""
    lengths = {int(length): users for length, users in stats["history_lengths"].items()}
    days = stats["events_by_day"]

    def history_lengths(axes: "Axes") -> None:
        edges = np.unique(np.geomspace(1, max(lengths) + 1, 40).astype(int))
        axes.hist(list(lengths), bins=edges.tolist(), weights=list(lengths.values()))
        axes.set(xscale="log", xlabel="events of a user", ylabel="users")

    def popularity(axes: "Axes") -> None:
        ranked = np.sort(item_counts[item_counts > 0])[::-1]
        axes.plot(np.arange(1, len(ranked) + 1), ranked)
        axes.set(xscale="log", yscale="log", xlabel="rank of the item", ylabel="events")

    def activity(axes: "Axes") -> None:
        moments = np.array(list(days), "datetime64[D]")
        axes.bar(moments, list(days.values()), width=max(1.0, len(np.arange(moments[0], moments[-1])) / 200))
        axes.set(ylabel="events a day")
        axes.tick_params(axis="x", rotation=30)

    def rejects(axes: "Axes") -> None:
        axes.barh(list(counts["rejected"]), list(counts["rejected"].values()))
        axes.set(xlabel="rows")

    plots = {"History lengths": history_lengths, "Popularity": popularity, "Activity": activity}
    if counts["rejected"]:
        plots["Refused rows"] = rejects
    body = "\n".join(f'<h2>{title}</h2><img alt="{title}" src="{_draw(plot)}">' for title, plot in plots.items())
    path.write_text(_PAGE.format(rows="".join(_rows(counts)), plots=body))


def _rows(counts: dict[str, Any], prefix: str = "") -> list[str]:
    rows = []
    for name, value in counts.items():
        label = html.escape(prefix + name.replace("_", " "))
        if isinstance(value, dict):
            rows += _rows(value, f"{prefix}{name}: ")
        elif isinstance(value, list):
            rows.append(f"<tr><td>{label}</td><td>{' + '.join(f'{one:,}' for one in value) or 0}</td></tr>")
        else:
            rows.append(f"<tr><td>{label}</td><td>{value:,}</td></tr>")
    return rows


def _draw(plot: Callable[["Axes"], None]) -> str:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3))
    plot(figure.subplots())
    figure.subplots_adjust(left=0.12, right=0.98, bottom=0.25, top=0.96)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110)
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()
