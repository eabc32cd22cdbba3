"""The goldens on arm64, under qemu-user, through the Python client: correctness only."""

import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.runtimes.environments import Arm64

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def arm64(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of an arm64 Python that has what a device has."""
    folder = tmp_path_factory.mktemp("arm64")
    wheels = tuple(f"{name}=={version(name)}" for name in ("numpy", "ai-edge-litert"))
    return Arm64(folder).python_with(wheels, folder, ROOT)


@pytest.mark.parametrize("variant", ["float32", "int8"])
def test_goldens_on_arm64(arm64: list[str], variant: str) -> None:
    code = """
import platform, sys
assert platform.machine() == "aarch64"
from recsys.cli import main
sys.exit(main(["bundle", "verify", sys.argv[1]]))
"""
    command = [*arm64, "-c", code, f"tests/golden/{variant}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    assert "8 golden cases" in done.stdout
