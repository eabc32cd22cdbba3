"""The mutations of tests/golden/hostile.json: every client must refuse a bundle that was changed by one of them.

Each names a ``file`` and how it is changed: to ``text`` (so many ``times``) or ``hex``, or at a ``path`` of keys to a
``value``. The hashes in the manifest are made right again: an attacker would. ``reason`` stands in every refusal.
"""

import json
from pathlib import Path
from typing import Any

from recsys.core.digests import sha256_file

MUTATIONS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "golden" / "hostile.json").read_text())


def name(mutation: dict[str, Any]) -> str:
    what = mutation.get("path") or mutation.get("text") or mutation.get("hex")
    return f"{mutation['file']}-{str(what)[:40]}-{str(mutation.get('value'))[:20]}"


def mutate(bundle: Path, mutation: dict[str, Any]) -> None:
    """Change the bundle in place."""
    file = bundle / mutation["file"]
    file.parent.mkdir(exist_ok=True)
    if "hex" in mutation:
        file.write_bytes(bytes.fromhex(mutation["hex"]))
    elif "text" in mutation:
        file.write_text(mutation["text"] * mutation.get("times", 1))
    else:
        value = inner = json.loads(file.read_text())
        for key in mutation["path"][:-1]:
            inner = inner[key]
        inner[mutation["path"][-1]] = mutation["value"]
        file.write_text(json.dumps(value))
    if file.name != "manifest.json":
        manifest = json.loads((bundle / "manifest.json").read_text())
        manifest["files"][mutation["file"]] = sha256_file(file)
        (bundle / "manifest.json").write_text(json.dumps(manifest))
