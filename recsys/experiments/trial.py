"""One point of a sweep, and the rows that are kept of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from recsys.artifacts.run import Run
from recsys.core.schema import RUNS_DIR

_SHOWN = ("hr@10", "ndcg@10")


@dataclass(frozen=True)
class Trial:
    """What was tried and what came of it.

    Attributes:
        number: in the order in which trials began.
        state: ``complete``, ``pruned`` (stopped early) or ``fail``.
        values: the searched keys as they were set.
        score: mean validation NDCG@10 over the seeds; None unless complete.
        reason: why it did not complete.
        runs: digests of the runs that did.
    """

    number: int
    state: str
    values: dict[str, str]
    score: float | None
    reason: str
    runs: tuple[str, ...]


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
            **{f"validation_{name}": metrics["validation"][name] for name in _SHOWN},
            **{f"test_{name}": metrics["model"][name] if run.is_test_read else None for name in _SHOWN},
            "reason": trial.reason,
        }
    if not trial.runs:
        yield {**common, "reason": trial.reason}
