"""Make a dataset from an event log: validate, order, clean, filter, split, and write it as Parquet shards.

  recsys prepare configs/movielens-100k.yaml
  recsys prepare my-log.yaml --set prepare.k_core=3 --workers 4

The dataset lies in WORK/datasets/DIGEST, named by what it is made of: when the log and the config have not changed
it is found again at once. Rows that are no events lie in its rejects/, each with its reason and where it stood.
"""

import argparse
from typing import Any

from recsys.cli.common import add_config, add_json, print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    add_json(parser)
    parser.add_argument("--workers", type=int, help="processes (default: by the size of the log)")
    parser.add_argument("--runner", default="local", help="a Beam runner's name, for example FlinkRunner")
    parser.add_argument(
        "--beam-option",
        dest="options",
        metavar="OPTION",
        action="append",
        default=[],
        help="an option for Beam, for example --beam-option=--flink_master=localhost:8081 (repeatable)",
    )


def run(args: argparse.Namespace) -> int:
    from pipelines.prepare import prepare
    from pipelines.runners import Runner
    from recsys.config import load_config

    config = load_config(args.config, args.overrides)
    runner = Runner(args.runner, args.workers, tuple(args.options))
    outcome = prepare(config, args.work_dir, overwrite=args.overwrite, runner=runner)
    dataset = outcome.artefact
    if args.json:
        print_json(
            {
                "path": str(dataset.path),
                "dataset_digest": dataset.digest,
                "reused": outcome.reused,
                "counts": dataset.counts,
            }
        )
        return 0
    _show(dataset.counts, f"{dataset.path} ({'reused' if outcome.reused else 'made'})")
    return 0


def _show(counts: dict[str, Any], title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "count", title=title, title_justify="left")
    for name, value in counts.items():
        if isinstance(value, dict):
            for inner, number in value.items():
                table.add_row(f"{name}: {inner}", f"{number:,}")
        elif isinstance(value, list):
            table.add_row(name.replace("_", " "), str(len(value)))
        else:
            table.add_row(name, f"{value:,}")
    Console().print(table)
