"""Make a dataset from an event log: validate, order, clean, filter, split, and write it as Parquet shards.

  recsys prepare configs/movielens-100k.yaml
  recsys prepare my-log.yaml --set prepare.k_core=3 --workers 4

The dataset lies in WORK/datasets/DIGEST, named by what it is made of: when the log and the config have not changed
it is found again at once. Rows that are no events lie in its rejects/, each with its reason and where it stood;
report.html shows what the data look like.

Every night, with prepare.keep_events: true in the config:

  recsys prepare shop.yaml --set data.path=logs/tuesday.csv --extend work/datasets/DIGEST --against work/datasets/DIGEST

takes over the earlier dataset's events and keeps its item ids, and stops when the new one looks too different.
"""

import argparse
from typing import TYPE_CHECKING, Any

from recsys.cli.common import (
    add_config,
    add_json,
    add_progress,
    add_runner,
    path,
    print_json,
    runner_of,
    warn_of_unit,
    where,
)
from recsys.cli.results.data import PrepareResult

if TYPE_CHECKING:
    from recsys.artifacts.dataset import Dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser, overwrite="make the dataset again even when it is there")
    add_json(parser)
    add_progress(parser)
    parser.add_argument("--extend", metavar="DATASET", type=where, help="take over this dataset's events and item ids")
    parser.add_argument(
        "--forget",
        metavar="FILE",
        type=path,
        help="leave these users out for good, one id a line; kept as hashes whose key is WORK/forget.key",
    )
    parser.add_argument(
        "--against", metavar="DATASET", type=where, help="refuse a dataset that differs too much from it"
    )
    parser.add_argument("--max-drift", type=float, default=0.5, help="how much may differ, as a share (default: 0.5)")
    add_runner(parser)
    parser.add_argument(
        "--exchange",
        choices=("files", "engine"),
        help="how steps pass on what they make: by files on a disk that all workers share (default of the local "
        "runner), or by the engine (default of others); the dataset is the same",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="send and make nothing: only check that the job holds nothing that remote workers could not have",
    )


def run(args: argparse.Namespace) -> int:
    from pipelines.prepare import Request, prepare
    from recsys.artifacts.dataset import Dataset
    from recsys.config import load_config
    from recsys.terminal import say

    config = load_config(args.config, args.overrides)
    extends = Dataset(args.extend) if args.extend else None
    against = Dataset(args.against) if args.against else None
    if args.dry_run:
        from pipelines.remote.dry_run import dry_run

        held = dry_run(config, args.work_dir, runner_of(args), extends)
        say(f"prepare: nothing of this machine is in the {held} functions and values that would go to {args.runner}")
        return 0
    request = Request(extends, args.forget, against, args.max_drift)
    outcome = prepare(config, args.work_dir, overwrite=args.overwrite, runner=runner_of(args), request=request)
    dataset = outcome.artifact
    warn_of_unit(dataset)
    if args.json:
        print_json(PrepareResult(str(dataset.path), dataset.digest, outcome.reused, dataset.counts))
        return 0
    if outcome.reused:
        say("nothing changed, reused")
    _show(dataset)
    return 0


def _show(dataset: "Dataset") -> None:
    import numpy as np

    from recsys.artifacts.dataset import REJECTS_DIR, REPORT_FILE
    from recsys.plain_table import PlainTable
    from recsys.terminal import results

    table = PlainTable("rows and what became of them")
    table.add_column("count", justify="right")
    for name, count in _in_order(dataset.counts):
        table.add_row(name, f"{count:,}")
    first, last = (np.datetime64(dataset.stats[name], "ms") for name in ("first_event", "last_event"))
    lines = [f"events   {first} to {last} UTC", f"dataset  {dataset.path}", f"report   {dataset.path / REPORT_FILE}"]
    if dataset.counts["rejected"]:
        lines.append(f"rejects  {dataset.path / REJECTS_DIR}")
    console = results()
    console.print(table)
    console.print("\n".join(lines), soft_wrap=True)


def _in_order(counts: dict[str, Any]) -> list[tuple[str, int]]:
    """The counts as rows flow: what came in, what went, what is left and how it is split."""
    rows = [("read", counts["read"]), ("taken over", counts["stored"])]
    for drop_reason in ("rejected", "dropped"):
        rows += [(f"{drop_reason}: {reason.replace('_', ' ')}", count) for reason, count in counts[drop_reason].items()]
    return rows + [(name, counts[name]) for name in ("events", "users", "items", "train", "validation", "test")]
