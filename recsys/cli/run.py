"""The whole way: fetch the log, prepare sequences, train, evaluate, export bundles, rerank on the device.

    recsys run configs/movielens-100k.yaml
    recsys run configs/movielens-100k.yaml --seeds 1,2,3 --set model.width=32
    recsys run configs/movielens-100k.yaml --json > result.json

Each step by itself is a command, too: prepare, train, evaluate, export, rerank. A step whose inputs have not changed
is reused, and says so; one that was interrupted goes on. `recsys init --reference` lists every key for --set.
"""

import argparse
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.cli.common import add_json, add_training, dataset_for, print_json, store_arguments, warn_of_unit
from recsys.cli.train import test_figures, train_seeds

if TYPE_CHECKING:
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.run import Run
    from recsys.bundle import Bundle
    from recsys.cli.results.runs import RunResult
    from recsys.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training(parser, overwrite="make dataset, runs and bundles again even when they are there")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.api import mirrored
    from recsys.cli.results.runs import RunResult
    from recsys.cli.summary import combine
    from recsys.config import load_config
    from recsys.export import describe
    from recsys.export.backend import check_format

    config = load_config(args.config, args.overrides)
    check_format(config.export.format)
    prepared = dataset_for(config, args, overwrite=args.overwrite)
    dataset = prepared.artifact
    _tell("prepare", prepared.reused, dataset.path)
    warn_of_unit(dataset)
    runs = train_seeds(config, dataset, args)
    best = max(runs, key=lambda one: one.metrics["validation"]["ndcg@10"])
    exported = mirrored.export(best, dataset, config, args.work_dir, overwrite=args.overwrite)
    bundles = exported.artifact
    _tell("export", exported.reused, bundles[0].path.parent)
    result = RunResult(
        **vars(combine([test_figures(one, dataset, config, args.work_dir) for one in runs])),
        runs=[str(one.path) for one in runs],
        bundle={"variants": describe(bundles)},
    )
    if args.json:
        print_json(result)
    else:
        _show(result, dataset, runs, bundles, config, args.work_dir)
    return 0


def _tell(step: str, reused: bool, path: Path) -> None:
    from recsys.terminal import say

    say(f"{step}: {'nothing changed, reused' if reused else 'done'}: {path}")


def _show(
    result: "RunResult",
    dataset: "Dataset",
    runs: "list[Run]",
    bundles: "list[Bundle]",
    config: "Config",
    work_dir: Path,
) -> None:
    from recsys.cli.showcase import NEWEST, rank_for_someone, showcase_table
    from recsys.cli.tables import bundle_table, quality_table
    from recsys.terminal import results
    from recsys.tracking.store.destination import where_to_look

    smallest = min(bundles, key=lambda bundle: bundle.device_bytes)
    someone = rank_for_someone(dataset, smallest.path)
    newest = someone.ranking.history[-NEWEST:]
    console = results()
    for table in (showcase_table(someone), quality_table(result), bundle_table(result.bundle["variants"])):
        console.print()
        console.print(table)
    bin_dir = "" if shutil.which("recsys") else f"{Path(sys.argv[0]).parent}/"
    lines = [
        "",
        "Where everything lies:",
        f"  dataset  {dataset.path}",
        *(f"  run      {run.path}" for run in runs),
        *(f"  bundle   {bundle.path}" for bundle in bundles),
        "",
        "What to type next:",
        f"  {shlex.join([f'{bin_dir}recsys', 'rerank', str(smallest.path), '--history', *newest, '--top', '10'])}",
    ]
    if config.tracking.enabled:
        store = shlex.join(["--work-dir", str(work_dir), *store_arguments(config.tracking)])
        lines += [
            f"  {shlex.quote(f'{bin_dir}recsys')} compare {store}",
            f"  {where_to_look(config.tracking, work_dir, f'{bin_dir}mlflow')}",
        ]
    console.print("\n".join(lines), soft_wrap=True)
