"""Get data: fetch a data set by name, or make a synthetic log whose best possible ranking is known.

    recsys data fetch movielens-100k
    recsys data synthetic --users 1000 --items 200 --seed 1 --out work/synthetic

What is fetched is verified by SHA-256 and cached below the work directory; a second fetch only checks it.
A log of your own needs neither: recsys init LOG writes a config that names its path and columns.
"""

import argparse

from recsys.cli.common import add_json, add_work_dir, print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    fetch = actions.add_parser("fetch", help="a data set by name", description="Fetch a data set by name.")
    fetch.add_argument("name", metavar="NAME", help="movielens-100k, movielens-1m or movielens-20m")
    add_work_dir(fetch)
    add_json(fetch)


def run(args: argparse.Namespace) -> int:
    return {"fetch": _fetch}[args.action](args)


def _fetch(args: argparse.Namespace) -> int:
    from recsys.artefact import sha256_file
    from recsys.data.sources import fetch

    log = fetch(args.name, args.work_dir / "data")
    files = {"events": log.events, "items": log.items}
    facts = {kind: {"path": str(path), "sha256": sha256_file(path)} for kind, path in files.items() if path}
    if args.json:
        print_json({"name": log.name, "route": log.route, **facts})
        return 0
    for kind, fact in facts.items():
        print(f"{kind}: {fact['path']}  sha256 {fact['sha256']}")  # noqa: T201
    return 0
