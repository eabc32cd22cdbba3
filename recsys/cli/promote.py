"""Make a run's model the champion that serves, if it is fit to be: through a gate, with its evidence on record.

    recsys promote 1a2b3c4d                                     quality and parity
    recsys promote 1a2b3c4d --max-size 450KiB --max-ms 2        and what a phone grants
    recsys promote --rollback                                   back to the champion before

The champion of the day and the best champion so far rank the candidate's validation targets again, and are compared
with it user by user: a candidate passes that is shown, with 97.5 % confidence, to lose less than --margin of what
either reaches. Where users are too few to show that, it is refused, and the evidence says how many would do. Refused is
also one whose TFLite bundle does not answer as its Keras model does, or is over budget. Either way the verdict and its
numbers become tags of the model's version in the registry, and a refusal ends with exit code 1. The dataset that the
run was trained on must lie in the work directory, or where it lay then. No test target is read.
"""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from recsys.cli.common import add_json, add_store, print_json, size, tracking_of
from recsys.cli.results.registry import PromoteResult, RollbackResult

if TYPE_CHECKING:
    from recsys.tracking.registry.promotion import Verdict
    from recsys.tracking.store.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("run", metavar="RUN", nargs="?", help="MLflow id, name, or how the run's digest begins")
    what.add_argument("--rollback", action="store_true", help="give the alias back to the champion before")
    parser.add_argument("--variant", default="int8", help="the bundle that phones would get (default: int8)")
    parser.add_argument("--max-size", type=size, metavar="SIZE", help="of a phone's download, for example 450KiB")
    parser.add_argument(
        "--max-ms", type=float, metavar="MS", help="median time of one ranking on the exporting machine"
    )
    parser.add_argument(
        "--max-loss", type=float, default=0.02, help="share of Keras' NDCG@10 that the bundle may lose (default: 0.02)"
    )
    parser.add_argument(
        "--margin",
        type=float,
        help="share of a champion's metric on validation that may be lost (default: the run's tracking.margin)",
    )
    parser.add_argument("--metric", default="ndcg@10", help="hr@K, ndcg@K or mrr to compare by (default: ndcg@10)")
    parser.add_argument("--name", default="recommender", help="registered model (default: recommender)")
    add_store(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from recsys.artifacts.run import Run
    from recsys.core.errors import ConfigError
    from recsys.core.schema import RUNS_DIR
    from recsys.experiments.measured_run import select
    from recsys.export.backend import scorer_of
    from recsys.tracking.registry.gate import Budget
    from recsys.tracking.registry.promotion import promote
    from recsys.tracking.registry.registry import check_name
    from recsys.tracking.store.destination import nothing_in
    from recsys.tracking.store.store import find_store
    from recsys.tracking.upload.record import MODEL_TAG
    from recsys.tracking.upload.sync import sync, sync_work_dir

    check_name(args.name)
    if args.margin is not None and not 0 < args.margin < 1:
        raise ConfigError(f"--margin {args.margin}: expected a share between 0 and 1, for example 0.05")
    tracking = tracking_of(args)
    if args.rollback:
        looked = find_store(tracking, args.work_dir)
        if looked is None:
            raise ConfigError(nothing_in(tracking, args.work_dir))
        return _roll_back(looked, args)
    store, found = sync_work_dir(tracking, args.work_dir)
    if store is None:
        raise ConfigError(nothing_in(tracking, args.work_dir))
    chosen = select(found, [args.run])
    if len(chosen) != 1:
        digests = ", ".join(one.digest[:8] for one in chosen)
        raise ConfigError(f"{args.run!r}: {len(chosen)} runs answer to it; name one by its digest: {digests}")
    local = Run(args.work_dir / RUNS_DIR / chosen[0].digest)
    if MODEL_TAG in chosen[0].tags and local.is_finished:
        sync(local, tracking, args.work_dir)  # a sweep has left it out
    budget = Budget(args.max_size, args.max_ms, args.max_loss)
    verdict = promote(
        store,
        chosen[0],
        args.work_dir,
        variant=args.variant,
        budget=budget,
        scorer_of=scorer_of,
        name=args.name,
        metric=args.metric,
        margin=args.margin,
    )
    if args.json:
        print_json(
            PromoteResult(
                verdict.promoted,
                verdict.version,
                verdict.champion_before,
                verdict.reason,
                [asdict(check) for check in verdict.checks],
            )
        )
    else:
        _show(verdict, args.name)
    return 0 if verdict.promoted else 1


def _roll_back(store: "Store", args: argparse.Namespace) -> int:
    from recsys.terminal import results
    from recsys.tracking.registry.champions import roll_back

    old, new = roll_back(store, args.name, args.work_dir)
    if args.json:
        print_json(RollbackResult(champion=new.number, rolled_back=old.number))
    else:
        told = f"{args.name}: version {new.number} is champion again, in place of version {old.number}"
        results().print(told, soft_wrap=True)
    return 0


def _show(verdict: "Verdict", name: str) -> None:
    from rich.text import Text

    from recsys.plain_table import PlainTable
    from recsys.terminal import results

    word = "promoted to champion" if verdict.promoted else "refused"
    table = PlainTable(title=f"{name}, version {verdict.version}: {word}")
    table.add_column("check")
    table.add_column("verdict")
    table.add_column("what was found", overflow="fold")
    for check in verdict.checks:
        mark = Text("passed", "green") if check.passed else Text("failed", "red")
        table.add_row(check.name, mark, Text(check.evidence))
    if not verdict.promoted and verdict.champion_before is not None:
        table.caption = f"version {verdict.champion_before} stays champion"
    results().print(table)
