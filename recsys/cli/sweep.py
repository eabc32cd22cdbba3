"""Search over config fields: trials as MLflow runs under one parent, hopeless ones stopped early, resumable.

    recsys sweep configs/movielens-100k.yaml --param model.width=32,64,128 --method grid --seeds 1,2,3
    recsys sweep configs/movielens-100k.yaml --trials 30 \\
        --param model.dropout=0.0..0.5 --param training.learning_rate=3e-4..3e-3:log --param model.blocks=1..3

A trial's score is its NDCG@10 on validation, never on test, averaged over --seeds. A trial whose first seed falls below
the median of the earlier ones at the same epoch is stopped. Killed, the same command goes on where it was; with more
--trials it adds to what is there. --html writes a page: which settings matter, by functional ANOVA, and how. No trial
reads the test: the command that the sweep ends with does, of the best one, and `recsys evaluate RUN` of any. --csv
writes a row a training, of validation and of each test that has been read: keep it beside the recipe.
"""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from recsys.cli.common import (
    add_config,
    add_dataset,
    add_json,
    add_repeatable,
    dataset_for,
    path,
    positive,
    print_json,
    seeds,
)
from recsys.cli.results.experiments import SweepResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recsys.artifacts.run import Run
    from recsys.config import Config
    from recsys.experiments.trial import Trial

SHOWN = 15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser, overwrite="train a new trial even when its run is there; the dataset and settled trials stay")
    add_repeatable(parser, "--param", "space", "KEY=VALUES", "A,B,C or LOW..HIGH or LOW..HIGH:log")
    parser.add_argument("--method", choices=("grid", "random", "tpe"), default="tpe", help="default: tpe, by Optuna")
    parser.add_argument("--trials", type=positive, help="points to try; a grid's default is all of it")
    parser.add_argument("--seeds", type=seeds, default=[1], help="trainings a point, for example 1,2,3 (default: 1)")
    parser.add_argument("--no-prune", action="store_true", help="let every trial run to its end")
    parser.add_argument("--warmup-epochs", type=int, default=5, help="before a trial may be stopped (default: 5)")
    parser.add_argument("--mixed", action="store_true", help="search data, prepare and evaluation fields as well")
    parser.add_argument("--html", type=path, metavar="FILE", help="write a self-contained page as well")
    parser.add_argument("--csv", type=path, metavar="FILE", help="write every training's row as well, to be kept")
    add_dataset(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.config import load_config
    from recsys.core.errors import ConfigError
    from recsys.core.publishing import appearing
    from recsys.experiments.space import parse_dimension
    from recsys.experiments.sweep import Plan, sweep
    from recsys.tracking.upload.sweep_run import SweepRun
    from recsys.training.stage import config_digest

    if args.mixed and args.dataset is not None:
        raise ConfigError("--mixed searches how data are prepared, --dataset names data that are: leave one out")
    config = load_config(args.config, args.overrides)
    space = [parse_dimension(text) for text in args.space]
    plan = Plan(args.method, args.trials, tuple(args.seeds), not args.no_prune, args.warmup_epochs, args.mixed)

    def make_run(trial: "Config", name: str, callbacks: "Sequence[Any]") -> "Run":
        return _make_run(trial, name, callbacks, args)

    subject = config_digest(config, dataset_for(config, args).artifact.digest)

    def open_log(digest: str, space: "Sequence[str]", method: str) -> SweepRun:
        return SweepRun(config.tracking, args.work_dir, digest, space, method)

    trials = sweep(config, space, plan, args.work_dir, make_run, subject, open_log)
    if args.csv:
        from recsys.experiments.trial import trial_rows

        with appearing(args.csv) as aside:
            trial_rows(trials, args.work_dir).to_csv(aside, index=False, lineterminator="\n")
    if args.html:
        from recsys.experiments.pages.sweep_page import render
        from recsys.terminal import say

        with appearing(args.html) as aside:
            aside.write_text(render(trials, space, len(args.seeds)), encoding="utf-8")
        say(f"sweep: page: {args.html}")
    if args.json:
        print_json(SweepResult("validation/ndcg@10", [asdict(trial) for trial in trials]))
    else:
        _show(trials, args)
    return 0 if any(trial.score is not None for trial in trials) else 1


def _make_run(config: "Config", name: str, callbacks: "Sequence[Any]", args: argparse.Namespace) -> "Run":
    from recsys.training.progress import TrainingBar
    from recsys.training.stage import train

    dataset = dataset_for(config, args).artifact
    with TrainingBar(f"trial {name}") as bar:
        outcome = train(
            config,
            dataset,
            args.work_dir,
            callbacks=callbacks,
            on_step=bar,
            overwrite=args.overwrite,
            name=name,
            read_test=False,
        )
    return outcome.artifact


def _show(trials: "Sequence[Trial]", args: argparse.Namespace) -> None:
    import shlex

    from rich.text import Text

    from recsys.config.secrets import without_secrets
    from recsys.plain_table import PlainTable
    from recsys.terminal import results

    table = PlainTable(title=f"{len(trials)} trials, best first" + (f" ({SHOWN} shown)" if len(trials) > SHOWN else ""))
    for column in ("trial", "state", "validation NDCG@10", "values"):
        table.add_column(column)
    for trial in trials[:SHOWN]:
        score = "–" if trial.score is None else f"{trial.score:.4f}"
        values = ", ".join(f"{key}={value}" for key, value in trial.values.items())
        table.add_row(str(trial.number), trial.state, score, Text(values))
    console = results()
    console.print(table)
    if trials[0].score is not None:
        given = [without_secrets(one) if one.startswith("tracking.uri=") else one for one in args.overrides]
        chosen = [*given, *(f"{key}={value}" for key, value in trials[0].values.items())]
        settings = " ".join(f"--set {shlex.quote(one)}" for one in chosen)
        seeds = f"--seeds {','.join(map(str, args.seeds))}"
        where = ["--work-dir", str(args.work_dir), *(["--dataset", str(args.dataset)] if args.dataset else [])]
        again = f"{shlex.join(['recsys', 'run', str(args.config), *where])} {seeds} {settings}"
        console.print(f"The best one:\n  {again}", soft_wrap=True)
