"""Train a recommender on a dataset, validate it each epoch, and read the test once at the end.

  recsys train configs/movielens-100k.yaml
  recsys train configs/movielens-100k.yaml --seeds 1,2,3 --set model.width=32

The run lies in WORK/runs/DIGEST, named by its config, its data and its seed. A finished one is reused; one that was
killed goes on where it was. The dataset is prepared first when it is not there. Other cut-offs (evaluation.ks) and
baselines make no other run: they are measured, and kept beside the one that is there.

After a night that recsys prepare --extend added to the data, a short training goes on from the run before:

  recsys train shop.yaml --dataset work/datasets/TUESDAY --set training.warm_start=work/runs/MONDAY \\
      --set training.epochs=1 --set training.learning_rate=3e-4 --set training.warmup_steps=0
"""

import argparse
from typing import TYPE_CHECKING, Any

from recsys.cli.common import add_json, add_training, dataset_for, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.run import Run
    from recsys.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training(parser, overwrite="train again even when the runs are there; the dataset stays")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.cli.results.runs import TrainResult
    from recsys.cli.summary import combine
    from recsys.cli.tables import quality_table
    from recsys.config import load_config
    from recsys.terminal import results

    config = load_config(args.config, args.overrides)
    dataset = dataset_for(config, args).artifact
    runs = train_seeds(config, dataset, args)
    found = [test_figures(one, dataset, config, args.work_dir) for one in runs]
    result = TrainResult(**vars(combine(found)), runs=[str(one.path) for one in runs])
    if args.json:
        print_json(result)
        return 0
    console = results()
    console.print(quality_table(result))
    for one in runs:
        console.print(f"run  {one.path}", soft_wrap=True)
    return 0


def test_figures(run: "Run", dataset: "Dataset", config: "Config", work_dir: "Path") -> dict[str, Any]:
    """The test's figures of ``run`` by ``config``; what it had not sealed is measured, kept and sent to MLflow."""
    from recsys.evaluation.reporting import of_split, report
    from recsys.terminal import say
    from recsys.tracking.upload.sync import sync_if_possible

    outcome = report(run, dataset, config.evaluation)
    if not outcome.reused:
        say(f"evaluate, seed {run.manifest.seed}: done, beside the run, which stays as it is: {run.evaluations_dir}")
        sync_if_possible(run, config.tracking, work_dir)
    return of_split(outcome.artifact, "test")


def train_seeds(
    config: "Config", dataset: "Dataset", args: argparse.Namespace, *, read_test: bool = True
) -> "list[Run]":
    """One run for each of ``args.seeds``, mirrored into MLflow, with a progress bar."""
    from recsys.api import mirrored
    from recsys.terminal import say
    from recsys.training.progress import TrainingBar

    runs = []
    for seed in args.seeds or [config.training.seed]:
        seeded = config.model_copy(update={"training": config.training.model_copy(update={"seed": seed})})
        with TrainingBar(f"train, seed {seed}") as bar:
            outcome = mirrored.train(
                seeded, dataset, args.work_dir, on_step=bar, overwrite=args.overwrite, read_test=read_test
            )
        done = "nothing changed, reused" if outcome.reused else "done"
        say(f"train, seed {seed}: {done}: {outcome.artifact.path}")
        runs.append(outcome.artifact)
    return runs
