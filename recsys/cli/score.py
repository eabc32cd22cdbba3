"""Find the best items for every user of a dataset with a run's model, shard by shard on Beam.

  recsys score work/runs/DIGEST work/datasets/DIGEST --k 100
  recsys score work/runs/DIGEST work/datasets/DIGEST --items tonight.csv --exclude bought.parquet
  recsys score work/runs/DIGEST work/datasets/DIGEST --match region=homes.csv
  recsys score work/runs/DIGEST work/datasets/DIGEST --related --k 20

The result is Parquet: user_id, items (the log's own ids, best first) and scores; it lies in WORK/scores/DIGEST. A
server sends such candidates to the phone, which reranks them with what the user did since. Killed, the same command
goes on with the shards that are left.

The files are tables, CSV or Parquet, whose columns bear the log's names. --items lists what may be shown. --exclude has
a user and an item a row. --match COLUMN=FILE gives users a value of a column of the item table (two columns: the
user's, and COLUMN): such a user sees only items that have it, among others where they are set apart by |. A user whom
FILE does not name sees all.

With --related, the lists are those of items: item_id, items (nearest first) and scores (the cosines).
"""

import argparse
from pathlib import Path

from recsys.cli.common import (
    add_json,
    add_progress,
    add_runner,
    add_work_dir,
    path,
    positive,
    print_json,
    runner_of,
    where,
)
from recsys.cli.results.rankings import ScoreResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", type=where, help="a finished run")
    parser.add_argument("dataset", metavar="DATASET", type=where, help="the users to score, with the run's vocabulary")
    parser.add_argument("--k", type=positive, default=100, help="items a list (default: 100)")
    parser.add_argument("--items", metavar="FILE", type=path, help="show only the items that this table lists")
    parser.add_argument("--exclude", metavar="FILE", type=path, help="pairs of a user and an item to leave out")
    parser.add_argument("--match", metavar="COLUMN=FILE", type=match, help="show items that share the user's value")
    parser.add_argument("--related", action="store_true", help="for every item those nearest to it, instead of users")
    parser.add_argument("--overwrite", action="store_true", help="score again even when the scores are there")
    add_work_dir(parser)
    add_runner(parser)
    add_json(parser)
    add_progress(parser)


def run(args: argparse.Namespace) -> int:
    from pipelines.score import score
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.run import Run
    from recsys.scoring.filters import Filters
    from recsys.terminal import say

    outcome = score(
        Run(args.run),
        Dataset(args.dataset),
        args.k,
        args.work_dir,
        filters=Filters(args.items, args.exclude, args.match),
        related=args.related,
        overwrite=args.overwrite,
        runner=runner_of(args),
    )
    scores, found = outcome.artifact, outcome.artifact.manifest
    if args.json:
        print_json(ScoreResult(str(scores.path), outcome.reused, found.of, found.lists))
    else:
        done, best = "reused" if outcome.reused else "scored", "best" if found.of == "users" else "nearest"
        say(f"{scores.path}: {found.lists:,} {found.of} {done}, the {best} {found.k} items of each")
    return 0


def match(text: str) -> tuple[str, Path]:
    """``region=homes.csv`` to its two parts; argparse reports what is not.

    >>> match("region=homes.csv")
    ('region', PosixPath('homes.csv'))
    """
    column, _, file = text.partition("=")
    if not column or not file:
        raise argparse.ArgumentTypeError(f"{text!r}: expected COLUMN=FILE, for example region=homes.csv")
    return column, path(file)
