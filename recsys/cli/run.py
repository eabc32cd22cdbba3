"""The whole way: fetch the log, prepare sequences, train, evaluate, export bundles, rerank on the device.

    recsys run configs/movielens-100k.yaml
    recsys run configs/movielens-100k.yaml --seeds 1,2,3 --set model.width=32
    recsys run configs/movielens-100k.yaml --json > result.json

Each step by itself is a command, too: prepare, train, evaluate, export, rerank. A step whose inputs have not changed
is reused, and says so; one that was interrupted goes on. `recsys init --reference` lists every key for --set.
"""

import argparse
from typing import TYPE_CHECKING, Any

from recsys.cli.common import add_config, add_json, print_json, seeds

if TYPE_CHECKING:
    from pathlib import Path

    from recsys.bundle import Bundle
    from recsys.config import Config
    from recsys.data.dataset import Dataset
    from recsys.run import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument(
        "--seeds", type=seeds, help="train once a seed and give means, for example 1,2,3 (default: training.seed)"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.cli.summary import combine
    from recsys.config import load_config

    config = load_config(args.config, args.overrides)
    dataset = _prepare(config, args)
    runs = [_train(seed, config, dataset, args) for seed in args.seeds or [config.training.seed]]
    best = max(runs, key=lambda one: one.metrics["validation"]["ndcg@10"])
    bundles = _export(best, dataset, config, args)
    from recsys.export import describe

    result = {**combine([one.metrics for one in runs]), "bundle": {"variants": describe(bundles)}}
    if args.json:
        print_json(result)
    else:
        _show(result, dataset, runs, bundles, args.work_dir)
    return 0


def _prepare(config: "Config", args: argparse.Namespace) -> "Dataset":
    from pipelines.prepare import prepare

    outcome = prepare(config, args.work_dir, overwrite=args.overwrite)
    _tell("prepare", outcome.reused, outcome.artefact.path)
    return outcome.artefact


def _train(seed: int, config: "Config", dataset: "Dataset", args: argparse.Namespace) -> "Run":
    from recsys.tracking.mirror import MlflowMirror
    from recsys.training.trainer import train

    seeded = config.model_copy(update={"training": config.training.model_copy(update={"seed": seed})})
    mirror = MlflowMirror(config.tracking, args.work_dir)
    outcome = train(seeded, dataset, args.work_dir, callbacks=[mirror], overwrite=args.overwrite)
    _tell(f"train, seed {seed}", outcome.reused, outcome.artefact.path)
    return outcome.artefact


def _export(run: "Run", dataset: "Dataset", config: "Config", args: argparse.Namespace) -> "list[Bundle]":
    from recsys.export import export

    outcome = export(run, dataset, config.export, args.work_dir, overwrite=args.overwrite)
    _tell("export", outcome.reused, outcome.artefact[0].path.parent)
    return outcome.artefact


def _tell(step: str, reused: bool, path: "Path") -> None:
    from recsys.terminal import say

    say(f"{step}: {'nothing changed, reused' if reused else 'done'}: {path}")


def _show(
    result: dict[str, Any], dataset: "Dataset", runs: "list[Run]", bundles: "list[Bundle]", work_dir: "Path"
) -> None:
    from rich.console import Console

    from recsys.cli.showcase import bundle_table, rank_for_someone, showcase_table
    from recsys.cli.summary import quality_table

    smallest = min(bundles, key=lambda bundle: bundle.device_bytes)
    console = Console()
    for table in (
        showcase_table(rank_for_someone(dataset, smallest.path)),
        quality_table(result),
        bundle_table(result["bundle"]["variants"]),
    ):
        console.print()
        console.print(table)
    lines = [
        "",
        f"dataset   {dataset.path}",
        *(f"run       {run.path}" for run in runs),
        *(f"bundle    {bundle.path}" for bundle in bundles),
        "",
        "What to type next:",
        f"  recsys rerank {smallest.path} --help",
        f"  recsys evaluate {runs[0].path}",
        f"  mlflow ui --backend-store-uri sqlite:///{work_dir / 'mlflow.db'}",
    ]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
