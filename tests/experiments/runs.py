"""Sealed runs without training."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from recsys.artifacts.run import Run
from recsys.config import Config
from recsys.core.digests import digest
from recsys.evaluation.metrics import summarize
from recsys.evaluation.reporting import ABOUT
from recsys.experiments.trial import Trial
from tests import facts


class Unwatched:
    """A sweep's log that shows nothing; ``updates`` counts the trials that it was told of."""

    def __init__(self, digest: str, space: Sequence[str], method: str) -> None:
        self.updates: list[int] = []

    @contextmanager
    def callback(self) -> Iterator[None]:
        yield None

    def update(self, trials: Sequence[Trial]) -> None:
        self.updates.append(len(trials))

    def finish(self, trials: Sequence[Trial]) -> None:
        self.updates.append(len(trials))


def begin_run(directory: Path, config: Config, *, seed: int) -> Run:
    """The run of ``config``, sealed or not."""
    values = config.to_json()
    values["training"]["seed"] = seed
    kind = digest({**values, "training": {**values["training"], "seed": None}})
    about = {**facts.RUN, "digest": digest(values), "seed": seed, "config_digest": kind}
    return Run.create(directory / "runs" / digest(values), values, about)


def seal_run(directory: Path, config: Config, *, seed: int, validation: float, ranks: list[float]) -> Run:
    """A finished run of ``config``: a test target a user at each of ``ranks``, and ``validation`` as its NDCG@10."""
    run = begin_run(directory, config, seed=seed)
    return run if run.is_finished else sealed(run, validation, ranks)


def sealed(run: Run, validation: float, ranks: list[float]) -> Run:
    """``run``, begun already, with its metrics, ranks and seal."""
    table = pd.DataFrame({"user_id": [f"u{n}" for n in range(len(ranks))], "target": 1, "rank": ranks, "split": "test"})
    table.to_parquet(run.ranks_file)
    about = {name: getattr(run.manifest, name) for name in ABOUT}
    metrics = {
        "baselines": {},
        "model": summarize(table["rank"].to_numpy(), (10,)),
        "validation": {"hr@10": 2 * validation, "ndcg@10": validation},
    }
    run.metrics_file.write_text(json.dumps({"split": "test", **about, **metrics}))
    run.weights_file.write_bytes(b"")
    run.finish({"finished": "2026-01-01T00:01:00+00:00"})
    return run
