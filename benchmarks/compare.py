"""``recsys compare`` over a SQLite store of 200 runs, after imports, against a limit of three seconds.

The runs are made up, for training 200 takes a day. Usage: python -m benchmarks.compare [--quick]
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.results import Measurement, write_results
from recsys.config import parse_config
from recsys.config.tracking import TrackingConfig
from recsys.experiments.comparison import compare
from recsys.experiments.description import comparison_json
from recsys.experiments.pairing import pair_with
from recsys.experiments.ranks import read_ranks
from recsys.tracking.runs import local_path
from recsys.tracking.store.store import Store, open_store
from recsys.tracking.upload import record
from recsys.tracking.upload.sync import sync_work_dir

CONFIGS, SEEDS, USERS = 50, 4, 6_040  # MovieLens-1M's users
EPOCHS = 50
LIMIT_SECONDS = 3.0


def fill(store: Store, scratch: Path, configs: int) -> None:
    """Put ``configs * SEEDS`` complete runs into the store, as the mirror would."""
    from mlflow.entities import Metric, Param, RunTag

    rng = np.random.default_rng(1)
    for width in range(2, 2 * configs + 1, 2):
        for seed in range(1, SEEDS + 1):
            values = {"data": {"path": "log.csv"}, "model": {"width": width}, "training": {"seed": seed}}
            params = record.parameters(parse_config(values).to_json())
            tags = {
                record.DIGEST_TAG: f"{width:016x}{seed:016x}",
                record.CONFIG_TAG: f"{width:032x}",
                record.DATASET_TAG: "0" * 32,
                record.PROTOCOL_TAG: "leave_one_out",
                record.SEED_TAG: str(seed),
                record.STATE_TAG: "complete",
            }
            run_id = store.client.create_run(store.experiment_id, run_name=f"made-up-{width}").info.run_id
            curve = [Metric("validation/ndcg_at_10", 0.1 + epoch / 1000, epoch, epoch) for epoch in range(EPOCHS)]
            last = [
                Metric(f"{group}/{name}", float(rng.normal(0.15, 0.01)), 0, 0)
                for group in ("test", "best", "baseline/popularity", "baseline/markov", "segment/history_length/0-9")
                for name in ("hr_at_10", "ndcg_at_10", "mrr", "hr_at_5", "ndcg_at_5", "hr_at_20", "ndcg_at_20")
            ]
            store.client.log_batch(
                run_id,
                metrics=curve + last,
                params=[Param(key, value) for key, value in params.items()],
                tags=[RunTag(key, value) for key, value in tags.items()],
            )
            ranks = {"user_id": np.arange(USERS).astype(str), "target": 1, "rank": rng.geometric(0.03, USERS) * 1.0}
            pd.DataFrame({**ranks, "split": "test"}).to_parquet(scratch / "ranks.parquet")
            store.client.log_artifact(run_id, str(scratch / "ranks.parquet"), "run")


def main() -> None:
    """Fill a store, then time what the command does once it is imported."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two configs: does the benchmark work?")
    configs = 2 if parser.parse_args().quick else CONFIGS
    with tempfile.TemporaryDirectory() as directory:
        work, tracking = Path(directory), TrackingConfig()
        store = open_store(tracking, work)
        fill(store, work, configs)
        started = time.perf_counter()
        comparison = compare(sync_work_dir(tracking, work)[1])
        comparison_json(comparison)
        plain = time.perf_counter() - started
        started = time.perf_counter()
        comparison_json(
            pair_with(
                comparison,
                comparison.groups[-1].label,
                lambda run, _: read_ranks(local_path(store, run, "run/ranks.parquet", work), "test"),
            )
        )
        paired = time.perf_counter() - started
    against = f"{LIMIT_SECONDS:.0f} s"
    write_results(
        "compare",
        [
            Measurement(f"compare {configs * SEEDS} runs", plain, "s", against, LIMIT_SECONDS / plain),
            Measurement(
                f"and pair {USERS} users of each", plain + paired, "s", against, LIMIT_SECONDS / (plain + paired)
            ),
        ],
    )


if __name__ == "__main__":
    main()
