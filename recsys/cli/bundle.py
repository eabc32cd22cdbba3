"""Look into bundles, check them, and compare two.

    recsys bundle inspect work/bundles/DIGEST/int8    what it is, how large, how good; --json has the whole manifest
    recsys bundle verify  work/bundles/DIGEST/int8    every hash, then every golden case through the model
    recsys bundle diff    OLD NEW                     what changed from one to the other
    recsys bundle delta   OLD NEW --out DELTA         what a phone must fetch to turn OLD into NEW
    recsys bundle apply   OLD DELTA --out NEW         what the phone does with it
    recsys bundle sign    BUNDLE --key private.pem    Ed25519 over the manifest; verify checks it with --public-key

verify and apply need only what a phone has: numpy and LiteRT (and cryptography for a signature). A key is made with
openssl genpkey -algorithm ed25519 -out private.pem; openssl pkey -in private.pem -pubout -out public.pem.
"""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recsys.cli.common import add_json, fetched, path, print_json, where
from recsys.cli.results.base import Result
from recsys.cli.results.bundles import ApplyResult, DeltaResult, DiffResult, InspectResult, SignResult, VerifyResult
from recsys.core.errors import ArtifactError, RecsysError
from recsys.core.mirror import with_urls

SPLITS = ("validation", "test")  # of what is measured on export


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, operands, text in (
        ("inspect", ("BUNDLE",), "what a bundle is"),
        ("verify", ("BUNDLE",), "hashes and golden cases"),
        ("diff", ("OLD", "NEW"), "what changed between two"),
        ("delta", ("OLD", "NEW"), "make the delta from OLD to NEW"),
        ("apply", ("OLD", "DELTA"), "turn OLD into the new bundle by a DELTA"),
        ("sign", ("BUNDLE",), "sign the manifest"),
    ):
        action = actions.add_parser(name, help=text, description=text)
        for operand in operands:
            action.add_argument(operand.lower(), metavar=operand, type=where)
        if name in ("delta", "apply"):
            action.add_argument("--out", type=path, required=True, help="the directory to write")
            action.add_argument("--overwrite", action="store_true", help="write it even when it is there")
        if name == "verify":
            action.add_argument("--public-key", type=path, help="refuse what the holder of this key did not sign")
        if name == "sign":
            action.add_argument("--key", type=path, required=True, help="an Ed25519 private key in PEM")
        add_json(action)


def run(args: argparse.Namespace) -> int:
    actions: dict[str, Callable[[argparse.Namespace], Result]] = {
        "inspect": lambda a: _inspect(a.bundle),
        "verify": lambda a: _verify(a.bundle, a.public_key),
        "diff": lambda a: _diff(a.old, a.new),
        "delta": lambda a: _delta(a.old, a.new, a.out, a.overwrite),
        "apply": lambda a: _apply(a.old, a.delta, a.out, a.overwrite),
        "sign": lambda a: _sign(a.bundle, a.key),
    }
    for operand in ("bundle", "old", "new", "delta"):
        if operand in args:
            fetched(getattr(args, operand))
    result = actions[args.action](args)
    if args.json:
        print_json(result)
    elif isinstance(result, DiffResult):
        _show_changes(result)
    else:
        _show(_shown(result))
    return 0


def _shown(result: Result) -> dict[str, Any]:
    """What a person asks first, by name; the rest is for ``--json``."""
    match result:
        case InspectResult():
            return _summary(result)
        case VerifyResult():
            return _verdict(result)
    return result.to_json()


def _inspect(path: Path) -> InspectResult:
    from recsys.bundle import Bundle

    bundle = Bundle(path, verify=False)
    try:
        Bundle(path)
        damage = None
    except ArtifactError as error:
        damage = str(error)
    sizes = {name: _size(path / name) for name in bundle.manifest.files}
    size = bundle.device_bytes if damage is None else None
    return InspectResult(str(path), damage, size, sizes, bundle.manifest.to_json())


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _summary(found: InspectResult) -> dict[str, Any]:
    told, measured = found.manifest, found.manifest["measured"]
    files = f"all {len(told['files'])} are what the manifest says"
    return {
        "variant": told["variant"],
        "files": f"DAMAGED: {found.damage}" if found.damage else files,
        "size": "unknown, as it is damaged" if found.bytes is None else f"{found.bytes / 1024:.0f} KiB to rank with",
        "ndcg@10": ", ".join(f"{split} {_figure(measured.get(split), 'ndcg@10', '.4f')}" for split in SPLITS),
        "median": f"{_figure(measured, 'median_ms', '.2f')} ms a ranking, on the machine that exported it",
        "shapes": f"the newest {told['history_length']} events, {told['candidates']} candidates a pass",
        "items": told["items"],
        "operators": f"{len(told['operators'])} kinds: {', '.join(sorted(told['operators']))}",
        "model": told["model_version"],
        "run": told["run_digest"],
    }


def _figure(measured: Any, name: str, form: str) -> str:
    """A figure of a manifest whose ``measured`` no one vouches for."""
    value = measured.get(name) if isinstance(measured, dict) else None
    return format(value, form) if isinstance(value, int | float) else "not measured"


def _verify(path: Path, public_key: Path | None) -> VerifyResult:
    from serving.reranker import Reranker

    reranker = Reranker(path, public_key=public_key)
    cases = reranker.bundle.golden() if reranker.bundle.has_golden else []
    for number, case in enumerate(cases):
        wrong = reranker.mismatch(case)
        if wrong is not None:
            raise RecsysError(f"{path}: golden case {number}: {wrong}; this runtime ranks otherwise than the exporter")
    return VerifyResult(str(path), len(reranker.manifest.files), len(cases), signed=public_key is not None)


def _verdict(found: VerifyResult) -> dict[str, Any]:
    signature = "signed by this key" if found.signed else "signature not checked (--public-key checks it)"
    goldens = f"{found.golden_cases} golden cases" if found.golden_cases else "no golden cases, as they were left out"
    return {"verified": f"{found.files} files, {goldens}, {signature}"}


def _diff(old: Path, new: Path) -> DiffResult:
    before, after = (_flat({**vars(found), **found.manifest, "manifest": {}}) for found in map(_inspect, (old, new)))
    keys = sorted(before.keys() | after.keys())
    changed = [key for key in keys if before.get(key) != after.get(key)]
    return DiffResult({key: {"old": before.get(key), "new": after.get(key)} for key in changed})


def _delta(old: Path, new: Path, out: Path, overwrite: bool) -> DeltaResult:
    from recsys.bundle import Bundle
    from recsys.export.delta import make_delta

    delta = make_delta(old, new, out, overwrite=overwrite)
    whole = Bundle(new).fetched_bytes
    return DeltaResult(str(out), delta.download_bytes, whole, share=round(delta.download_bytes / whole, 4))


def _apply(old: Path, delta: Path, out: Path, overwrite: bool) -> ApplyResult:
    from recsys.bundle import Delta

    bundle = Delta(delta).apply(old, out, overwrite=overwrite)
    return ApplyResult(str(out), bundle.manifest.model_version)


def _sign(bundle: Path, key: Path) -> SignResult:
    from recsys.bundle import SIGNATURE_FILE
    from recsys.export.signing import sign
    from recsys.storage.copies import send_signature

    sign(bundle, key)
    send_signature(bundle)
    return SignResult(str(bundle), str(bundle / SIGNATURE_FILE))


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {prefix: list(value) if isinstance(value, tuple) else value}
    return {k: v for name, one in value.items() for k, v in _flat(one, f"{prefix}.{name}" if prefix else name).items()}


def _show_changes(found: DiffResult) -> None:
    from recsys.plain_table import PlainTable
    from recsys.terminal import results

    changed = {what: values for what, values in found.changed.items() if what != "path"}
    if not changed:
        results().print("nothing changed")
        return
    table = PlainTable(caption="SHA-256 by their first 8 digits; --json has all of it")
    table.add_column("what changed", overflow="fold")
    for column in ("old", "new"):
        table.add_column(column, overflow="fold", ratio=1)
    for what, values in changed.items():
        table.add_row(what, *(_cell(values[side], values) for side in ("old", "new")))
    results().print(table)


def _cell(value: Any, values: dict[str, Any]) -> str:
    """A value in a table; of a list only what the other has not, and how many they share."""
    if value is None:
        return "–"
    if isinstance(value, list):
        shared = [one for one in value if all(one in (other or ()) for other in values.values())]
        own = ", ".join(str(one) for one in value if one not in shared)
        return " ".join([*([own] if own else []), *([f"(and {len(shared)} in both)"] if shared else [])]) or "none"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return text[:8] if re.fullmatch("[0-9a-f]{64}", text) else text


def _show(result: dict[str, Any]) -> None:
    rows = _flat(result)
    width = max(map(len, rows), default=0)
    for key, value in rows.items():
        print(f"{key:<{width}}  {with_urls(str(value))}")  # noqa: T201
