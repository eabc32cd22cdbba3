"""Get data: fetch a data set by name, or make a synthetic log whose best possible ranking is known.

    recsys data fetch movielens-100k
    recsys data synthetic --users 1000 --items 200 --seed 1 --out work/synthetic

What is fetched is verified by SHA-256 and cached below the work directory; a second fetch only checks it.
A log of your own needs neither: recsys init LOG writes a config that names its path and columns.
"""

import argparse

from recsys.cli.common import add_json, add_work_dir, path, print_json
from recsys.cli.results.data import FetchResult, SyntheticResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    fetch = actions.add_parser("fetch", help="a data set by name", description="Fetch a data set by name.")
    fetch.add_argument("name", metavar="NAME", help="movielens-100k, movielens-1m or movielens-20m")
    add_work_dir(fetch, stores=False)
    add_json(fetch)
    synthetic = actions.add_parser(
        "synthetic",
        help="a seeded Markov-chain log of any size",
        description="Draw a log from a Markov chain: OUT/events.csv, and its best ranking in OUT/manifest.json.",
    )
    synthetic.add_argument("--users", type=int, required=True, help="how many users")
    synthetic.add_argument("--items", type=int, required=True, help="how many items")
    synthetic.add_argument("--seed", type=int, default=1, help="the same seed gives the same bytes (default: 1)")
    synthetic.add_argument("--mean-length", type=int, default=50, help="events a user has on average (default: 50)")
    synthetic.add_argument("--length-sigma", type=float, default=0.0, help="spread of log-normal lengths (default: 0)")
    synthetic.add_argument(
        "--heavy-user", type=int, default=0, help="events of one further, very busy user (default: 0)"
    )
    synthetic.add_argument("--branching", type=int, default=8, help="items that may follow an item (default: 8)")
    synthetic.add_argument("--zipf", type=float, default=0.0, help="exponent of the items' popularity (default: 0)")
    synthetic.add_argument("--days", type=int, default=30, help="about how long the log lasts (default: 30)")
    synthetic.add_argument("--out", type=path, required=True, help="the directory to write")
    synthetic.add_argument("--overwrite", action="store_true", help="replace OUT when it is there")
    add_json(synthetic)


def run(args: argparse.Namespace) -> int:
    return {"fetch": _fetch, "synthetic": _synthetic}[args.action](args)


def _fetch(args: argparse.Namespace) -> int:
    from recsys.core.digests import sha256_file
    from recsys.log.sources import fetch

    log = fetch(args.name, args.work_dir / "data")
    files = {"events": log.events, "items": log.items}
    facts = {kind: {"path": str(path), "sha256": sha256_file(path)} for kind, path in files.items() if path}
    if args.json:
        print_json(FetchResult(log.name, log.route, facts["events"], facts.get("items")))
        return 0
    for kind, fact in facts.items():
        print(f"{kind}: {fact['path']}  sha256 {fact['sha256']}")  # noqa: T201
    return 0


def _synthetic(args: argparse.Namespace) -> int:
    from dataclasses import fields

    from recsys.log.synthetic.log import EVENTS_FILE, SyntheticLog

    log = SyntheticLog(**{field.name: getattr(args, field.name) for field in fields(SyntheticLog)})
    manifest = log.write(args.out, overwrite=args.overwrite)
    events = args.out / EVENTS_FILE
    if args.json:
        found = {name: manifest[name] for name in ("events", "made_from", "best", "files")}
        print_json(SyntheticResult(str(events), **found))
        return 0
    print(f"{events}: {manifest['events']:,} events")  # noqa: T201
    for metric, value in manifest["best"].items():
        print(f"best possible {metric} of every user's last event: {value:.4f}")  # noqa: T201
    return 0
