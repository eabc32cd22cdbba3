"""What each piece of a recipe brings: one setting off at a time, everything else as it is.

    recsys ablate configs/movielens-100k.yaml --drop model.memory --drop model.join=residual --seeds 1,2,3

Each --drop is an arm that is trained once a seed beside the recipe itself, from the same first weights and batches
wherever the two share a parameter. KEY=VALUE sets that value. KEY alone turns the setting off: null where it may be
null (model.memory), false for a switch, 0 for a number that may be 0 (model.dropout), the default for anything else.

Validation chooses the epoch of each run, orders the arms and marks the best. Once all are trained their test is read
and reported, with a paired test of each arm against the recipe over the users. Finished runs are found again: killed,
the same command goes on where it was, and a further --drop or seed trains nothing twice. The runs are files of the work
directory and in MLflow, as those of recsys train.
"""

import argparse
from functools import cache
from typing import TYPE_CHECKING

from recsys.cli.common import add_config, add_dataset, add_json, add_repeatable, dataset_for, print_json, seeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.run import Run
    from recsys.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser, overwrite="train again even when the runs are there; the dataset stays")
    add_repeatable(parser, "--drop", "drops", "KEY[=VALUE]", "one arm: this setting off, or set to VALUE")
    parser.add_argument("--seeds", type=seeds, default=[1, 2, 3], help="trainings an arm (default: 1,2,3)")
    add_dataset(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.cli.results.experiments import AblateResult
    from recsys.cli.train import test_figures, train_seeds
    from recsys.config import load_config
    from recsys.experiments.ablation import ablate
    from recsys.experiments.description import ablation_json
    from recsys.experiments.tables import ablation_table, least_width
    from recsys.terminal import results

    config = load_config(args.config, args.overrides)

    @cache
    def dataset() -> "Dataset":  # asked for once the arms are known to be such
        return dataset_for(config, args).artifact

    def make_runs(arm: "Config") -> "Sequence[Run]":
        return train_seeds(arm, dataset(), args, read_test=False)

    def read_test(run: "Run") -> None:
        test_figures(run, dataset(), config, args.work_dir)

    ablation = ablate(config, args.drops, make_runs, read_test)
    if args.json:
        print_json(AblateResult(**ablation_json(ablation)))
        return 0
    table = ablation_table(ablation)
    results(width=max(results().width, least_width(table))).print(table)
    return 0
