"""A sweep's trials as rows: what is kept of a search beside the recipe that it chose."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from recsys.artifacts.run import Run
from recsys.core.schema import RUNS_DIR
from recsys.experiments.trial import Trial

SHOWN = ("hr@10", "ndcg@10")


def trial_rows(trials: Sequence[Trial], work_dir: Path) -> pd.DataFrame:
    """A row a training, and one of each trial that has none; in the order of ``trials``.

    Columns: ``trial`` (its number), ``state``, a column a searched key, ``seed``, ``run`` (its digest), HR@10 and
    NDCG@10 on validation and on test (empty until ``recsys evaluate`` has read it), ``reason`` (of a trial that did not
    complete).

    Raises:
        ArtifactError: a run of a trial is not there, or damaged.
    """
    return pd.DataFrame([row for trial in trials for row in _rows(trial, work_dir)])


def _rows(trial: Trial, work_dir: Path) -> Iterator[dict[str, Any]]:
    common = {"trial": trial.number, "state": trial.state, **trial.values}
    for digest in trial.runs:
        run = Run(work_dir / RUNS_DIR / digest)
        metrics = run.measured.metrics
        yield {
            **common,
            "seed": run.manifest.seed,
            "run": digest,
            **{f"validation_{name}": metrics["validation"][name] for name in SHOWN},
            **{f"test_{name}": metrics["model"][name] if run.is_test_read else None for name in SHOWN},
            "reason": trial.reason,
        }
    if not trial.runs:
        yield {**common, "reason": trial.reason}
