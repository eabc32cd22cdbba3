"""Look into bundles, check them, and compare two.

    recsys bundle inspect work/bundles/DIGEST/int8    what it is, how large, how good
    recsys bundle verify  work/bundles/DIGEST/int8    every hash, then every golden case through the model
    recsys bundle diff    OLD NEW                     what changed from one to the other

inspect and diff read the manifests; verify needs numpy and LiteRT. All take --json.
"""

import argparse
from pathlib import Path
from typing import Any

from recsys.cli.common import add_json, print_json
from recsys.errors import RecsysError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, count, text in (
        ("inspect", 1, "what a bundle is"),
        ("verify", 1, "hashes and golden cases"),
        ("diff", 2, "what changed between two"),
    ):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("bundles", metavar="BUNDLE", nargs=count, type=Path)
        add_json(action)


def run(args: argparse.Namespace) -> int:
    if args.action == "diff":
        result = _diff(*args.bundles)
    else:
        result = (_inspect if args.action == "inspect" else _verify)(*args.bundles)
    if args.json:
        print_json(result)
    else:
        _show(result)
    return 0


def _inspect(path: Path) -> dict[str, Any]:
    from recsys.bundle import Bundle

    bundle = Bundle(path, verify=False)
    sizes = {name: (path / name).stat().st_size for name in bundle.manifest.files}
    return {"path": str(path), "bytes": bundle.device_bytes, "file_bytes": sizes, **bundle.manifest.to_json()}


def _verify(path: Path) -> dict[str, Any]:
    from serving.reranker import Reranker

    reranker = Reranker(path)
    cases = reranker.bundle.golden()
    for number, case in enumerate(cases):
        wrong = reranker.misplaced(case)
        if wrong is not None:
            raise RecsysError(f"{path}: golden case {number}: {wrong}; this runtime ranks otherwise than the exporter")
    return {"path": str(path), "files": len(reranker.manifest.files), "golden_cases": len(cases), "verified": True}


def _diff(old: Path, new: Path) -> dict[str, Any]:
    before, after = _flat(_inspect(old)), _flat(_inspect(new))
    keys = sorted(before.keys() | after.keys())
    changed = [key for key in keys if before.get(key) != after.get(key)]
    return {key: {"old": before.get(key), "new": after.get(key)} for key in changed}


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {prefix: list(value) if isinstance(value, tuple) else value}
    return {k: v for name, one in value.items() for k, v in _flat(one, f"{prefix}.{name}" if prefix else name).items()}


def _show(result: dict[str, Any]) -> None:
    rows = _flat(result)
    width = max(map(len, rows), default=0)
    for key, value in rows.items():
        print(f"{key:<{width}}  {value}")  # noqa: T201
