"""Several seeds' metrics as one."""

import statistics
from typing import Any

from recsys.cli.results.base import Metrics
from recsys.cli.results.runs import EvaluateResult
from recsys.core.errors import ArtifactError

SHARED = ("protocol", "request_time", "split", "dataset_digest", "targets", "users")


def combine(runs: list[dict[str, Any]], segments: dict[str, dict[str, Any]] | None = None) -> EvaluateResult:
    """Means and standard deviations over runs that differ in nothing but their seed.

    Args:
        runs: each run's figures of one split, as ``recsys.evaluation.reporting.of_split`` gives them.
        segments: of all of them, as ``compare_segments`` gives them.

    Raises:
        ArtifactError: the runs are not comparable.
    """
    first = runs[0]
    for key in SHARED:
        if len({run[key] for run in runs}) != 1:
            raise ArtifactError(f"runs of different {key} cannot be averaged: {sorted({str(r[key]) for r in runs})}")
    names = {tuple(sorted(run["baselines"])) for run in runs}
    if len(names) != 1:
        raise ArtifactError(f"runs beside different baselines cannot be averaged: {sorted(names)}")
    return EvaluateResult(
        **{key: first[key] for key in SHARED},
        seeds=[run["seed"] for run in runs],
        model=_spread([run["model"] for run in runs]),
        baselines={name: _spread([run["baselines"][name] for run in runs]) for name in first["baselines"]},
        segments=segments,
    )


def _spread(values: list[dict[str, float]]) -> Metrics:
    spread: Metrics = {}
    for name in values[0]:
        column = [value[name] for value in values]
        spread[name] = statistics.fmean(column)
        spread[f"{name}_std"] = statistics.stdev(column) if len(column) > 1 else None  # one seed says nothing of it
    return spread
