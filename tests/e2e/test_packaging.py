"""The base install is what a device needs, and no more; the source archive is what Beam ships to its workers."""

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from recsys.cli import main

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
DEVICE = ["numpy", "ai-edge-litert"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of what is packaged, so that building leaves nothing in the tree."""
    target = tmp_path / "source"
    target.mkdir()
    for name in ("setup.py", "pyproject.toml"):
        shutil.copy(ROOT / name, target)
    for name in ("recsys", "pipelines", "serving"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    return target


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done


def test_the_base_install_reranks(source: Path, recipe: Path, tmp_path: Path) -> None:
    settings = ["--set", "export.variants=[int8]", "--work-dir", str(tmp_path / "work")]
    assert main(["run", str(recipe), *settings]) == 0
    (bundle,) = (tmp_path / "work" / "bundles").glob("*/int8")

    uv, python = Path(sys.executable).parent / "uv", tmp_path / "venv" / "bin" / "python"
    run(uv, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv", cwd=tmp_path)
    constraints = ["--constraint", str(ROOT / "requirements.lock")]
    run(uv, "pip", "install", "--quiet", "--python", python, *constraints, source, cwd=tmp_path)
    installed = json.loads(run(uv, "pip", "list", "--format", "json", "--python", python, cwd=tmp_path).stdout)
    names = {package["name"] for package in installed}
    assert {"recsys", *DEVICE} <= names
    assert not {"tensorflow", "apache-beam", "mlflow", "pandas", "pyarrow", "pydantic", "rich"} & names

    recsys = python.parent / "recsys"
    ranked = run(recsys, "rerank", bundle, "--history", "1", "2", "--candidates", "3", "4", "no", cwd=tmp_path)
    assert [line.split()[-1] for line in ranked.stdout.splitlines()][2] == "no"
    assert "rerank" in run(recsys, "--help", cwd=tmp_path).stdout
    refused = subprocess.run([recsys, "run", recipe], capture_output=True, text=True, cwd=tmp_path)
    assert refused.returncode == 1
    assert "pip install '.[" in refused.stderr


def test_the_source_archive_holds_every_module(source: Path, tmp_path: Path) -> None:
    run(sys.executable, "setup.py", "--quiet", "sdist", "--dist-dir", tmp_path / "dist", cwd=source)
    (archive,) = (tmp_path / "dist").iterdir()
    with tarfile.open(archive) as opened:
        packed = {name.partition("/")[2] for name in opened.getnames()}
    modules = {path.relative_to(source).as_posix() for folder in source.iterdir() for path in folder.rglob("*.py")}
    assert {module for module in modules if "egg-info" not in module} <= packed
