"""Find the best items for every user of a dataset with a run's model, shard by shard on Beam.

  recsys score work/runs/DIGEST work/datasets/DIGEST --k 100

The result is Parquet: user_id, items (the log's own ids, best first) and scores; it lies in WORK/scores/DIGEST. A
server sends such candidates to the phone, which reranks them with what the user did since.
"""

import argparse

from recsys.cli.common import add_json, add_runner, add_work_dir, positive, print_json, runner_of, where
from recsys.cli.results.rankings import ScoreResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", type=where, help="a finished run")
    parser.add_argument("dataset", metavar="DATASET", type=where, help="the users to score, with the run's vocabulary")
    parser.add_argument("--k", type=positive, default=100, help="items a user (default: 100)")
    parser.add_argument("--overwrite", action="store_true", help="score again even when the scores are there")
    add_work_dir(parser)
    add_runner(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from pipelines.score import score
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.run import Run
    from recsys.terminal import say

    dataset = Dataset(args.dataset).verify()
    outcome = score(Run(args.run), dataset, args.k, args.work_dir, overwrite=args.overwrite, runner=runner_of(args))
    scores = outcome.artifact
    if args.json:
        print_json(ScoreResult(str(scores.path), outcome.reused, scores.manifest.users))
    else:
        done = "reused" if outcome.reused else "scored"
        say(f"{scores.path}: {scores.manifest.users:,} users {done}, the best {scores.manifest.k} items of each")
    return 0
