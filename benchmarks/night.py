"""What a phone downloads after a night: the delta between two bundles, one day of a synthetic log apart.

    make bench-night

The first bundle comes of all days but the last. Then the day is added to the dataset, training goes on from the run
before, and the bundle is made again, close to the first. Beside the delta stand the NDCG@10 of that bundle and of one
that holds no code of the first, and of the short training and one from nothing on the same data, all on test, so that
the saving can be weighed.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.results import Measurement, write_results
from pipelines.prepare import Request, prepare
from recsys.config import Config, parse_config
from recsys.core.schema import TIMESTAMP
from recsys.export import export
from recsys.export.delta import make_delta
from recsys.log.synthetic.log import EVENTS_FILE, SyntheticLog
from recsys.training.stage import train

LOG = SyntheticLog(users=3000, items=2000, mean_length=40, zipf=1.0, days=30)
FEW = SyntheticLog(users=300, items=200, mean_length=20, zipf=1.0, days=30)
VARIANTS = ("int8", "int4")
SHORT = {"epochs": 1, "learning_rate": 3e-4, "warmup_steps": 0}
LIMIT = 0.30  # of the whole bundle


def recipe(log: Path, **training: Any) -> Config:
    """The default model over ``log``."""
    return parse_config(
        {
            "data": {"path": str(log), "columns": {"event_id": "event_id"}},
            "prepare": {"k_core": 1, "keep_events": True},
            "training": {"epochs": 10, "schedule": "cosine", **training},
            "export": {"variants": VARIANTS, "max_quality_loss": 0.5},
            "tracking": {"enabled": False},
        }
    )


def split_last_day(log: Path, days: int) -> tuple[Path, Path]:
    """Two logs: all but the newest of ``days`` equal shares of the events, and that one."""
    events = pd.read_csv(log).sort_values(TIMESTAMP, kind="stable")
    cut = len(events) - len(events) // days
    before, day = log.with_name("before.csv"), log.with_name("day.csv")
    events[:cut].to_csv(before, index=False)
    events[cut:].to_csv(day, index=False)
    return before, day


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small log: does the benchmark work?")
    quick = parser.parse_args().quick
    made_of, epochs = (FEW, {"epochs": 1}) if quick else (LOG, {})
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        made_of.write(work / "log")
        before, day = split_last_day(work / "log" / EVENTS_FILE, made_of.days)
        config = recipe(before, **epochs)
        monday = prepare(config, work).artifact
        first = train(config, monday, work).artifact
        old = export(first, monday, config.export, work).artifact
        tuesday = prepare(recipe(day), work, request=Request(extends=monday)).artifact
        short = recipe(day, warm_start=str(first.path), **SHORT)
        second = train(short, tuesday, work).artifact
        close = short.export.model_copy(update={"since": old[0].path.parent})
        new = export(second, tuesday, close, work).artifact
        free = export(second, tuesday, short.export, work).artifact
        cold = train(recipe(day, **epochs), tuesday, work).artifact
        rows = []
        for earlier, later, unheld in zip(old, new, free, strict=True):
            delta = make_delta(earlier.path, later.path, work / f"delta-{later.manifest.variant}")
            share = delta.download_bytes / later.fetched_bytes
            against = f"{LIMIT:.0%} of the bundle, {later.fetched_bytes / 1024:,.0f} KiB"
            what = f"delta after a day, {later.manifest.variant}"
            rows.append(Measurement(what, delta.download_bytes / 1024, "KiB", against, LIMIT / share))
            kept, without = (one.manifest.measured["test"]["ndcg@10"] for one in (later, unheld))
            rows.append(Measurement("  its NDCG@10", kept, "", f"{without:.4f} with no code held", kept / without))
        warm, anew = (run.metrics["model"]["ndcg@10"] for run in (second, cold))
        rows.append(Measurement("NDCG@10 after the short training", warm, "", f"{anew:.4f} from nothing", warm / anew))
    write_results("night", rows)


if __name__ == "__main__":
    main()
