"""Show what runs reached on their test items, beside the baselines, as means over seeds; or score a run again.

  recsys evaluate work/runs/DIGEST --segments
  recsys evaluate work/runs/DIGEST1 work/runs/DIGEST2 --json
  recsys evaluate work/runs/DIGEST --dataset work/datasets/DIGEST --split validation

Without --dataset it prints what the run measured when it was sealed: the test is read once. With it, the run's model
ranks the full catalog of that dataset anew. With --segments it shows the test by kind of target, too: how active the
user, how popular the item, how long since the event before (tie: at the very same time).
"""

import argparse
from typing import TYPE_CHECKING, Any

from recsys.cli.common import add_json, path, print_json

if TYPE_CHECKING:
    from recsys.artifacts.run import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", metavar="RUN", nargs="+", type=path, help="run directories that differ in their seed")
    parser.add_argument("--dataset", type=path, help="the dataset that the run was trained on, to rank anew")
    parser.add_argument("--split", choices=["validation", "test"], default="test", help="with --dataset: what to rank")
    parser.add_argument("--segments", action="store_true", help="by kind of target, too")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.api.stages import evaluate
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.run import Run
    from recsys.cli.summary import combine
    from recsys.cli.tables import quality_table, segment_table
    from recsys.core.errors import ConfigError
    from recsys.terminal import results

    if args.segments and args.dataset:
        raise ConfigError("--segments shows what a run kept of its test; leave --dataset out")
    runs = [Run(path) for path in args.runs]
    kinds = {one.manifest.config_digest: one.path for one in runs}
    if len(kinds) > 1:
        raise ConfigError(
            f"these runs differ in more than their seed: {', '.join(map(str, kinds.values()))}; `recsys compare` holds "
            "different models against each other"
        )
    if args.dataset:
        dataset = Dataset(args.dataset)
        result = combine([evaluate(one, dataset, args.split) for one in runs])
    else:
        result = combine([_sealed(one) for one in runs])
    if args.json:
        print_json(result)
        return 0
    results().print(quality_table(result))
    if args.segments:
        import pandas as pd

        for one in runs:
            ranks = pd.read_parquet(one.ranks_file)
            results().print(segment_table(f"{one.path}, test", ranks[ranks["split"] == "test"]))
    return 0


def _sealed(run: "Run") -> dict[str, Any]:
    run.verify()
    return run.metrics
