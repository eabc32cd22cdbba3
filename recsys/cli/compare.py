"""Runs side by side: what differs between them, how well they rank, and whether the difference is more than noise.

    recsys compare                                        every run of the newest data set and protocol
    recsys compare --baseline work/runs/DIGEST            paired tests against its config, user by user
    recsys compare 1a2b3c4d 5e6f7a8b --html compare.html  two runs, and a page that needs no network
    recsys compare --where "params.\\`model.width\\` = '64'" --json

Runs that differ in nothing but the seed are one row, with a 95 % interval over seeds. Runs on different data or under
different protocols are refused: their numbers do not mean the same. Where no runs are named, those like the baseline,
or else like the newest, are compared. --mixed compares them all the same.

Finished runs and bundles of the work directory that MLflow lacks, because it was away, are sent first.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.cli.common import add_json, add_store, path, print_json, tracking_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recsys.experiments.comparison import Comparison
    from recsys.experiments.measured_run import MeasuredRun
    from recsys.tracking.store.store import Store

CURVES = 8  # learning curves on the page, of the best configs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        metavar="RUN",
        nargs="*",
        help="run directory, MLflow id, name, or how a digest begins (default: all that are like the newest)",
    )
    parser.add_argument("--baseline", metavar="RUN", help="test every config against this one, paired over users")
    parser.add_argument(
        "--metric", default="ndcg@10", help="hr@K, ndcg@K or mrr to order and test by (default: ndcg@10)"
    )
    parser.add_argument(
        "--split",
        choices=("test", "validation"),
        help="default: test, or validation where trials of a sweep are compared, for those are still to be chosen from",
    )
    parser.add_argument("--where", default="", help="a condition in MLflow's search language")
    parser.add_argument("--mixed", action="store_true", help="compare even across datasets and protocols")
    parser.add_argument("--html", type=path, metavar="FILE", help="write a self-contained page as well")
    add_store(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.core.errors import ConfigError
    from recsys.experiments.comparison import compare, measured_alike
    from recsys.experiments.measured_run import select
    from recsys.experiments.report import as_json
    from recsys.terminal import say
    from recsys.tracking.runs import complete_runs
    from recsys.tracking.store.destination import nothing_in
    from recsys.tracking.upload.sync import sync_work_dir

    tracking = tracking_of(args)
    store, known = sync_work_dir(tracking, args.work_dir)
    if store is None:
        raise ConfigError(nothing_in(tracking, args.work_dir))
    found = complete_runs(store, args.where) if args.where else known
    if args.runs or args.mixed:
        runs = select(found, args.runs)
    else:
        runs = measured_alike(found, args.baseline)
        if len(runs) < len(found):
            like = "--baseline" if args.baseline else "the newest run"
            say(f"compare: {len(found) - len(runs)} runs on other data or by other protocols than {like} are left out")
    split = args.split or ("validation" if any(run.is_trial for run in runs) else "test")
    if args.split is None and split == "validation":
        say("compare: a sweep's trials are among them, so by validation; --split test is for what is chosen already")
    comparison = compare(runs, metric=args.metric, split=split, mixed=args.mixed)
    if args.baseline:
        comparison = _test(runs, comparison, args, store)
    if args.html:
        args.html.write_text(_page(comparison, store), encoding="utf-8")
        say(f"compare: page: {args.html}")
    if args.json:
        print_json(as_json(comparison))
    else:
        _show(comparison)
    return 0


def _test(
    runs: "Sequence[MeasuredRun]", comparison: "Comparison", args: argparse.Namespace, store: "Store"
) -> "Comparison":
    """The comparison against ``args.baseline``; a run whose ranks are gone from the store is left out, and told."""
    import tempfile

    from recsys.core.errors import DataError
    from recsys.experiments.comparison import compare, pair_with
    from recsys.experiments.ranks import read_ranks
    from recsys.terminal import say
    from recsys.tracking.runs import local_file

    ranks = {}
    with tempfile.TemporaryDirectory() as scratch:
        for run in runs:
            try:
                file = local_file(store, run, "run/ranks.parquet", Path(scratch))
                ranks[run.run_id] = read_ranks(file, comparison.split)
            except DataError as error:
                if run.matches(args.baseline):
                    raise
                say(f"compare: {run.name} ({run.digest[:8]}) is left out: {error}")
    if len(ranks) < len(runs):
        runs = [run for run in runs if run.run_id in ranks]
        comparison = compare(runs, metric=args.metric, split=comparison.split, mixed=args.mixed)
    return pair_with(comparison, args.baseline, lambda run: ranks[run.run_id])


def _page(comparison: "Comparison", store: "Store") -> str:
    from recsys.experiments.page import render
    from recsys.tracking.runs import metric_history

    curves = {}
    for group in comparison.groups[:CURVES]:
        found = metric_history(store, group.runs[0], f"validation/{comparison.metric}")
        if found[0]:
            curves[group.label] = found
    return render(comparison, curves)


def _show(comparison: "Comparison") -> None:
    from recsys.experiments.report import bundle_table, difference_table, least_width, quality_table
    from recsys.terminal import results

    tables = [quality_table(comparison)]
    if comparison.against:
        tables.append(difference_table(comparison))
    if comparison.variants:
        tables.append(bundle_table(comparison))
    # A line that the terminal must break still has all its digits; one that is cropped has not.
    console = results(width=max(results().width, *map(least_width, tables)))
    console.print(*tables)
