"""Runs side by side: what differs between them, how well they rank, and whether the difference is more than noise.

    recsys compare                                        every run of the newest data set and protocol
    recsys compare --baseline work/runs/DIGEST            paired tests against its config, user by user
    recsys compare --baseline window_markov               the same against a baseline that all runs have
    recsys compare 1a2b3c4d 5e6f7a8b --html compare.html  two runs, and a page that needs no network
    recsys compare --where "params.\\`model.width\\` = '64'" --json

Runs that differ in nothing but the seed are one row; ± is half of the 95 % interval over seeds. Rows are ordered by
validation, which chooses; the test is what is reported. Below them stand the baselines. Runs on different data or under
different protocols are refused: their numbers do not mean the same. Where no runs are named, those like the baseline,
or else like the newest, are compared. --mixed compares them all the same.

Finished runs and bundles of the work directory that MLflow lacks, because it was away, are sent first.
"""

import argparse
from typing import TYPE_CHECKING

from recsys.cli.common import add_json, add_store, path, print_json, tracking_of
from recsys.cli.results.experiments import CompareResult

if TYPE_CHECKING:
    from recsys.experiments.comparison import Comparison


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        metavar="RUN",
        nargs="*",
        help="run directory, MLflow id, name, or how a digest begins (default: all that are like the newest)",
    )
    parser.add_argument(
        "--baseline",
        metavar="RUN",
        help="test every config against this run's, paired over users; or against a baseline such as markov",
    )
    parser.add_argument(
        "--metric", default="ndcg@10", help="hr@K, ndcg@K or mrr to order and test by (default: ndcg@10)"
    )
    parser.add_argument(
        "--split",
        choices=("test", "validation"),
        help="what is reported (default: test; validation where a sweep's trials, yet to be chosen from, are compared)",
    )
    parser.add_argument("--where", default="", help="a condition in MLflow's search language")
    parser.add_argument("--mixed", action="store_true", help="compare even across datasets and protocols")
    parser.add_argument("--html", type=path, metavar="FILE", help="write a self-contained page as well")
    add_store(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.api.comparing import compare, learning_curves
    from recsys.core.publishing import appearing
    from recsys.experiments.description import comparison_json
    from recsys.experiments.pages.comparison_page import render
    from recsys.terminal import say

    tracking = tracking_of(args)
    comparison = compare(
        args.work_dir,
        args.runs,
        baseline=args.baseline,
        metric=args.metric,
        split=args.split,
        where=args.where,
        mixed=args.mixed,
        tracking=tracking,
    )
    if args.html:
        curves = learning_curves(comparison, args.work_dir, tracking=tracking)
        with appearing(args.html) as aside:
            aside.write_text(render(comparison, curves), encoding="utf-8")
        say(f"compare: page: {args.html}")
    if args.json:
        print_json(CompareResult(**comparison_json(comparison)))
    else:
        _show(comparison)
    return 0


def _show(comparison: "Comparison") -> None:
    from recsys.experiments.tables import bundle_table, difference_table, least_width, quality_table
    from recsys.terminal import results

    tables = [quality_table(comparison)]
    if comparison.against:
        tables.append(difference_table(comparison))
    if comparison.bundles:
        tables.append(bundle_table(comparison))
    # A line that the terminal must break still has all its digits; one that is cropped has not.
    console = results(width=max(results().width, *map(least_width, tables)))
    console.print(*tables)
