"""Several seeds' metrics as one: the JSON object that ``recsys evaluate`` and ``recsys run`` print, and its table."""

import statistics
from typing import TYPE_CHECKING, Any

from recsys.errors import ArtefactError

if TYPE_CHECKING:
    from rich.table import Table

SHARED = ("protocol", "split", "dataset_digest")
WIDTH = 78
SHOWN = ("hr@10", "ndcg@10", "mrr")


def combine(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Means and standard deviations over runs that differ in nothing but their seed.

    Args:
        runs: each run's metrics: ``protocol``, ``split``, ``dataset_digest``, ``seed``, ``model``, ``baselines``.

    Returns:
        The same keys, and ``seeds`` for ``seed``; each metric is the mean over the runs, and ``METRIC_std`` its
        sample standard deviation (0 for a single run).

    Raises:
        ArtefactError: the runs are not comparable.
    """
    first = runs[0]
    for key in SHARED:
        if len({run[key] for run in runs}) != 1:
            raise ArtefactError(f"runs of different {key} cannot be averaged: {sorted({str(r[key]) for r in runs})}")
    return {
        **{key: first[key] for key in SHARED},
        "seeds": [run["seed"] for run in runs],
        "model": _spread([run["model"] for run in runs]),
        "baselines": {name: _spread([run["baselines"][name] for run in runs]) for name in first["baselines"]},
    }


def _spread(values: list[dict[str, float]]) -> dict[str, float]:
    spread = {}
    for name in values[0]:
        column = [value[name] for value in values]
        spread[name] = statistics.fmean(column)
        spread[f"{name}_std"] = statistics.stdev(column) if len(column) > 1 else 0.0
    return spread


def quality_table(summary: dict[str, Any]) -> "Table":
    """The model beside its baselines, best last."""
    from rich.table import Table

    seeds = summary["seeds"]
    spread = f", mean of {len(seeds)} seeds" if len(seeds) > 1 else ""
    title = f"Ranking the whole catalogue: {summary['split']} items, protocol {summary['protocol']}{spread}"
    table = Table(title=title, min_width=WIDTH)
    table.add_column("recommender", ratio=1)
    rows = sorted(summary["baselines"].items(), key=lambda row: row[1]["ndcg@10"])
    rows.append(("self-attention", summary["model"]))
    shown = [metric for metric in SHOWN if all(metric in values for _, values in rows)]
    for metric in shown:
        table.add_column(metric.upper(), justify="right")
    for name, values in rows:
        cells = [f"{values[m]:.4f}" + (f" ± {values[f'{m}_std']:.4f}" if values[f"{m}_std"] else "") for m in shown]
        table.add_row(name, *cells, style="bold" if values is summary["model"] else None)
    return table
