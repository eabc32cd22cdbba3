"""Seconds until a validation NDCG@10 is reached, against 40 epochs of the padded reference on the same log.

    make bench-time_to_quality LOG=events.csv.gz

The log is MovieLens-1M's, with columns user_id, item_id, timestamp and event_id; the recipe is the one of
configs/movielens-1m.yaml. The reference's epochs are alike, so it runs two and is given 40 times the faster; what
quality it would reach by then is not asked. Ours is judged on the recipe's validation users, by a mark that was another
model's on test. Option: --quality.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.results import Measurement, write_results
from benchmarks.training import Shape, reference, split_users
from pipelines.prepare import prepare
from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.config import Config, load_config
from recsys.training.stage import train

QUALITY = 0.1726  # gSASRec's test figure
EPOCHS = 40
REFERENCE = Shape("MovieLens-1M", 0, 0, 0, 50, 2, 200, "bce", 1, 0)  # the log says how many items


class Reached(Exception):  # noqa: N818 - no error: what was waited for
    """Validation has found the quality."""


class Watch:
    """Raises ``Reached`` at the first validation that finds a quality."""

    def __init__(self, quality: float) -> None:
        self.quality, self.epoch, self.best = quality, 0, 0.0

    def on_start(self, run: Run, config: Config) -> None:
        pass

    def on_end(self, run: Run) -> None:
        pass

    def on_epoch(self, run: Run, metrics: dict[str, float]) -> None:
        self.epoch, self.best = int(metrics["epoch"]), max(self.best, metrics.get("validation/ndcg@10", 0.0))
        if self.best >= self.quality:
            raise Reached


def ours(config: Config, dataset: Dataset, work: Path, quality: float) -> tuple[float, Watch]:
    """Seconds from nothing, the building of model and memory included."""
    watch, started = Watch(quality), time.perf_counter()
    try:
        train(config, dataset, work, callbacks=[watch])
    except Reached:
        return time.perf_counter() - started, watch
    raise SystemExit(f"validation NDCG@10 came to {watch.best:.4f} only, not {quality}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path, metavar="LOG")
    parser.add_argument("--quality", type=float, default=QUALITY, help="NDCG@10 to be reached (default: %(default)s)")
    options = parser.parse_args()
    overrides = ["data.name=null", f"data.path={options.log}", "data.columns.event_id=event_id"]
    config = load_config("configs/movielens-1m.yaml", overrides)
    with tempfile.TemporaryDirectory() as work:
        dataset = prepare(config, Path(work)).artifact
        seconds, watch = ours(config, dataset, Path(work), options.quality)
        shape = replace(REFERENCE, items=len(dataset.vocabulary))
        epoch = reference(shape, split_users(dataset.sequences, dataset.sequences.bounds("train")[1]))
        theirs = EPOCHS * min(epoch(1), epoch(2))
    against = f"{EPOCHS} epochs of the reference, {theirs:.0f} s"
    name = f"validation NDCG@10 {watch.best:.4f}, in epoch {watch.epoch}"
    write_results("time_to_quality", [Measurement(name, seconds, "s", against, theirs / seconds)])


if __name__ == "__main__":
    main()
