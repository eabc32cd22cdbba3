"""Several seeds' metrics as one."""

import statistics
from typing import Any

from recsys.cli.results import EvaluateResult
from recsys.core.errors import ArtifactError

SHARED = ("protocol", "split", "dataset_digest")


def combine(runs: list[dict[str, Any]]) -> EvaluateResult:
    """Means and standard deviations over runs that differ in nothing but their seed.

    Args:
        runs: each run's metrics: ``protocol``, ``split``, ``dataset_digest``, ``seed``, ``model``, ``baselines``.

    Raises:
        ArtifactError: the runs are not comparable.
    """
    first = runs[0]
    for key in SHARED:
        if len({run[key] for run in runs}) != 1:
            raise ArtifactError(f"runs of different {key} cannot be averaged: {sorted({str(r[key]) for r in runs})}")
    return EvaluateResult(
        **{key: first[key] for key in SHARED},
        seeds=[run["seed"] for run in runs],
        model=_spread([run["model"] for run in runs]),
        baselines={name: _spread([run["baselines"][name] for run in runs]) for name in first["baselines"]},
    )


def _spread(values: list[dict[str, float]]) -> dict[str, float]:
    spread = {}
    for name in values[0]:
        column = [value[name] for value in values]
        spread[name] = statistics.fmean(column)
        spread[f"{name}_std"] = statistics.stdev(column) if len(column) > 1 else 0.0
    return spread
