"""Show what runs reached, beside the baselines, as means over seeds; or have their models rank again.

  recsys evaluate work/runs/DIGEST --segments
  recsys evaluate work/runs/DIGEST1 work/runs/DIGEST2 --split validation --json
  recsys evaluate work/runs/DIGEST --dataset work/datasets/DIGEST
  recsys evaluate work/runs/DIGEST --lists lists.parquet --top 20
  recsys evaluate work/runs/DIGEST work/runs/ANOTHER --html users.html --users 7,42

It prints what the runs measured when they were sealed, on their test items or, with --split validation, on the items
that chose the epoch. A sweep's trial was sealed without its test: it is read now, once, and kept beside the run. With
--dataset the models rank the full catalog of that dataset anew. With --segments it shows the figures by kind of target,
too: how active the user, how popular the item, how long since the event before (first: there is none; tie: at the very
same time) and, where events of several types are predicted, of which type the item's event, or, where some had no event
that trains, whether the item is cold. Cold targets are shown beside content and popularity, which are measured now and
kept beside the run where they were not, and once more among the cold items alone (among_cold), beside what a random
order of those reaches on average.

--lists writes what each user would have been shown at the moment of each target: a Parquet file with one row a target
and run: run, seed, split, user_id, target, timestamp, rank (of the target), history (the newest items before it, oldest
first), items (the best, best first) and scores. --html makes a page of some users from the same lists. Runs that differ
in more than their seed go into both side by side, but have no figures in common: `recsys compare` has those.
"""

import argparse
from typing import TYPE_CHECKING, Any

from recsys.cli.common import add_json, path, positive, print_json, where

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.run import Run

SHOWN = 12  # users on a page
BESIDE_COLD = ("popularity", "content")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", metavar="RUN", nargs="+", type=where, help="run directories that differ in their seed")
    parser.add_argument("--dataset", type=where, help="the dataset that the runs were trained on, to rank anew")
    parser.add_argument(
        "--split", choices=["validation", "test"], default="test", help="whose figures, segments and lists"
    )
    parser.add_argument("--segments", action="store_true", help="by kind of target, too")
    parser.add_argument("--lists", type=path, metavar="FILE", help="write the best items for each target as Parquet")
    parser.add_argument("--html", type=path, metavar="FILE", help="write a page that shows single users' lists")
    parser.add_argument("--top", type=positive, default=10, help="items of a list (default: 10)")
    parser.add_argument(
        "--users",
        type=lambda text: text.split(","),
        help=f"with --html: whom to show (default: {SHOWN} drawn at random)",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.api.stages import evaluate
    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.run import Run
    from recsys.cli.summary import combine
    from recsys.cli.tables import quality_table, segment_table
    from recsys.core.errors import ConfigError
    from recsys.experiments.tables import least_width
    from recsys.terminal import results

    if args.segments and args.dataset:
        raise ConfigError("--segments shows what runs keep of their targets; leave --dataset out")
    if args.lists and args.lists.suffix != ".parquet":
        raise ConfigError(f"--lists {args.lists}: writes Parquet; give it a name that ends in .parquet")
    if args.users and not args.html:
        raise ConfigError("--users says whom the page shows; add --html FILE")
    runs = [Run(path).verify() for path in args.runs]
    kinds = {one.manifest.config_digest: one.path for one in runs}
    if args.lists or args.html:
        _write_lists(runs, args)
        if len(kinds) > 1 and not args.json and not args.segments:
            return 0
    if len(kinds) > 1:
        raise ConfigError(
            f"these runs differ in more than their seed: {', '.join(map(str, kinds.values()))}; `recsys compare` holds "
            "different models against each other"
        )
    if args.dataset:
        dataset = Dataset(args.dataset)
        found = [evaluate(one, dataset, args.split, anew=True) for one in runs]
    else:
        found = [_reached(one, args) for one in runs]
    result = combine(found, _segments(runs, args) if args.segments else None)
    if args.json:
        print_json(result)
        return 0
    tables = [quality_table(result), *([segment_table(result)] if args.segments else [])]
    results(width=max(results().width, *map(least_width, tables))).print(*tables)
    return 0


def _reached(run: "Run", args: argparse.Namespace) -> dict[str, Any]:
    """What the run measured; the test of one that was only to be chosen from is read now, once, and kept."""
    from recsys.artifacts.finding import dataset_of
    from recsys.artifacts.recorded_config import recorded
    from recsys.cli.train import test_figures
    from recsys.config import Config
    from recsys.evaluation.reporting import of_split

    if args.split == "test" and not run.is_test_read:
        work_dir = run.path.resolve().parents[1]
        return test_figures(run, dataset_of(run, work_dir), recorded(Config, run), work_dir)
    return of_split(run.measured.metrics, args.split)


def _segments(runs: "Sequence[Run]", args: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """The kept ranks of all runs by kind of target, beside those of the baselines, which have no seed."""
    import pandas as pd

    from recsys.evaluation.cold_ranks import COLD_RANK
    from recsys.evaluation.segments import compare_segments

    whole = [pd.read_parquet(one.measured.ranks_file) for one in runs]
    tables = [table[table["split"] == args.split] for table in whole]
    if COLD_RANK in tables[0] and tables[0][COLD_RANK].notna().any():
        _measure_beside_cold(runs[0], args.split)
    baselines = {name: pd.read_parquet(file) for name, file in runs[0].baseline_files().items()}
    of_split = {name: table[table["split"] == args.split] for name, table in baselines.items()}
    return compare_segments(tables, {name: table for name, table in of_split.items() if len(table)})


def _measure_beside_cold(run: "Run", split: str) -> None:
    """What cold targets are held against is measured where it was not, if the dataset is still there."""
    from recsys.artifacts.finding import dataset_of
    from recsys.artifacts.recorded_config import recorded
    from recsys.config.evaluation import EvaluationConfig
    from recsys.core.errors import ArtifactError
    from recsys.evaluation.reporting import report
    from recsys.terminal import say

    missing = [name for name in BESIDE_COLD if name not in run.baseline_files()]
    if not missing:
        return
    try:
        dataset = dataset_of(run, run.path.resolve().parents[1])
    except ArtifactError as error:
        say(f"evaluate: cold targets stand without {' and '.join(missing)}: {error}")
        return
    settings = recorded(EvaluationConfig, run, "evaluation")
    wanted = tuple(dict.fromkeys((*settings.baselines, *missing)))
    say(f"evaluate: {' and '.join(missing)}, beside cold targets")
    report(run, dataset, settings.model_copy(update={"baselines": wanted}), [split])


def _write_lists(runs: "Sequence[Run]", args: argparse.Namespace) -> None:
    import pyarrow.parquet as pq

    from recsys.artifacts.dataset import Dataset
    from recsys.artifacts.finding import dataset_of
    from recsys.core.publishing import appearing
    from recsys.evaluation.again import top_lists
    from recsys.terminal import say

    work_dir = args.runs[0].resolve().parents[1]
    dataset = Dataset(args.dataset) if args.dataset else dataset_of(runs[0], work_dir)
    lists = top_lists(runs, dataset.verify(), args.split, args.top)
    if args.lists:
        with appearing(args.lists) as aside:
            pq.write_table(lists, aside, compression="zstd")
        say(f"evaluate: lists: {args.lists}")
    if args.html:
        with appearing(args.html) as aside:
            aside.write_text(_page(lists, runs, dataset, args.users), encoding="utf-8")
        say(f"evaluate: page: {args.html}")


def _page(lists: "pa.Table", runs: "Sequence[Run]", dataset: "Dataset", users: list[str] | None) -> str:
    import numpy as np

    from recsys.core.schema import EXTERNAL_ID, TITLE, USER
    from recsys.experiments.pages.users_page import render_users

    names = {run.digest: f"{run.manifest.name} ({run.digest[:8]})" for run in runs}
    if TITLE in dataset.items:
        titled = dataset.items.dropna(subset=[TITLE])
        names |= dict(zip(titled[EXTERNAL_ID], titled[TITLE], strict=True))
    if users is None:
        known = lists[USER].unique().to_pylist()
        users = np.random.default_rng(0).permutation(known)[:SHOWN].tolist()
    return render_users(lists, names, users)
