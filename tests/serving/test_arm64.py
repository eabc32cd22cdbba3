"""The goldens on arm64, under qemu-user: correctness only.

The interpreter, its libraries and the two wheels that a device needs are fetched for arm64 with apt and pip, and laid
out in a folder of their own; nothing is installed.
"""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
DEBIAN = (
    "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "libc6", "libgcc-s1", "libstdc++6",
    "zlib1g", "libexpat1", "libffi8", "libbz2-1.0", "liblzma5", "libssl3",
)  # fmt: skip
# qemu-user shows the host's /proc/cpuinfo, which libraries for arm64 cannot read; a Cortex-A72's stands in for it.
CPUINFO = """processor\t: 0
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

"""


def fetch(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=280)
    if done.returncode:
        pytest.skip(f"{command[0]} cannot fetch the arm64 packages: {(done.stderr or done.stdout).strip()[-300:]}")


@pytest.fixture(scope="module")
def arm64(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of an arm64 Python that has what a device has."""
    qemu = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if qemu is None:
        pytest.skip("needs qemu-user: apt-get install qemu-user-static")
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        pytest.skip("needs apt-get and dpkg-deb to fetch an arm64 Python")
    if sys.version_info[:2] != (3, 11):
        pytest.skip("fetches the wheels of Python 3.11")
    folder = tmp_path_factory.mktemp("arm64")
    for name in ("lists/partial", "cache/archives/partial", "root/proc", "site"):
        (folder / name).mkdir(parents=True)
    apt = ["apt-get", "-q", "-o", "APT::Architectures=amd64,arm64", "-o", f"Dir::State::Lists={folder / 'lists'}"]
    apt += ["-o", f"Dir::Cache={folder / 'cache'}", "-o", "APT::Sandbox::User=root"]
    fetch([*apt, "update"], folder)
    fetch([*apt, "download", *(f"{name}:arm64" for name in DEBIAN)], folder)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder / "root"], check=True)
    (folder / "root" / "proc" / "cpuinfo").write_text(CPUINFO)
    wheels = [f"{name}=={installed(name)}" for name in ("numpy", "ai-edge-litert")]
    platforms = [f"--platform={name}_aarch64" for name in ("manylinux_2_28", "manylinux_2_27", "manylinux2014")]
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--python-version=3.11"]
    fetch([*pip, *platforms, "-d", "wheels", *wheels], folder)
    for wheel in (folder / "wheels").glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(folder / "site")
    python = folder / "root" / "usr" / "bin" / "python3.11"
    path = f"PYTHONPATH={folder / 'site'}:{ROOT}"
    return [qemu, "-cpu", "cortex-a72", "-E", path, "-L", str(folder / "root"), str(python)]


def installed(package: str) -> str:
    from importlib.metadata import version

    return version(package)


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
