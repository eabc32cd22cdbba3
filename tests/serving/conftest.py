"""The bundles of tests/golden, and copies of them to damage."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recsys.core.digests import sha256_file

GOLDEN = Path(__file__).parents[1] / "golden"
VARIANTS = ("float32", "int8")

Edit = Callable[[Path], None]


@pytest.fixture(params=VARIANTS)
def bundle_path(request: pytest.FixtureRequest) -> Path:
    return GOLDEN / request.param


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """An int8 bundle that may be harmed."""
    return Path(shutil.copytree(GOLDEN / "int8", tmp_path / "bundle"))


@pytest.fixture
def edit_manifest(copied: Path) -> Callable[..., Path]:
    """Change keys of the copy's manifest, and make its hashes right again: an attacker would."""

    def edit(**changes: Any) -> Path:
        path = copied / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["files"] = {name: sha256_file(copied / name) for name in manifest["files"]}
        manifest.update(changes)
        path.write_text(json.dumps(manifest))
        return copied

    return edit
