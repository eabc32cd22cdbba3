"""Sealed runs without training."""

import json
from pathlib import Path

import pandas as pd

from recsys.artifacts.run import Run
from recsys.config import Config
from recsys.core.digests import digest
from recsys.evaluation.metrics import summarize
from tests import facts


def seal_run(directory: Path, config: Config, *, seed: int, validation: float, ranks: list[float]) -> Run:
    """A finished run of ``config``: a test target a user at each of ``ranks``, and ``validation`` as its NDCG@10."""
    values = config.to_json()
    values["training"]["seed"] = seed
    kind = digest({**values, "training": {**values["training"], "seed": None}})
    about = {**facts.RUN, "digest": digest(values), "seed": seed, "config_digest": kind}
    return sealed(Run.create(directory / "runs" / digest(values), values, about), validation, ranks)


def sealed(run: Run, validation: float, ranks: list[float]) -> Run:
    """``run``, begun already, with its metrics, ranks and seal."""
    table = pd.DataFrame({"user_id": [f"u{n}" for n in range(len(ranks))], "target": 1, "rank": ranks, "split": "test"})
    table.to_parquet(run.ranks_file)
    about = {name: getattr(run.manifest, name) for name in ("protocol", "dataset_digest", "seed")}
    metrics = {
        "baselines": {},
        "model": summarize(table["rank"].to_numpy(), (10,)),
        "validation": {"ndcg@10": validation},
    }
    run.metrics_file.write_text(json.dumps({"split": "test", **about, **metrics}))
    run.weights_file.write_bytes(b"")
    run.finish({"finished": "2026-01-01T00:01:00+00:00"})
    return run
