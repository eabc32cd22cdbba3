"""TFLite runtimes, each in an environment of its own: one of this machine, one of arm64 under qemu-user."""

import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class TFLite:
    """A runtime on the package index.

    Attributes:
        module: what it is imported by.
        packages: what pip installs; an empty version is the newest.
    """

    module: str
    packages: tuple[str, ...]

    def __str__(self) -> str:
        return self.packages[0].replace("==", " ")


TFLITE = (
    TFLite("tflite_runtime", ("tflite-runtime==2.14.0", "numpy==1.26.4")),
    TFLite("tflite_runtime", ("tflite-runtime-nightly==2.20.0.dev20250409", "numpy==1.26.4")),
    TFLite("ai_edge_litert", ("ai-edge-litert==1.4.0", "numpy==1.26.4", "backports-strenum", "typing-extensions")),
    TFLite("ai_edge_litert", ("ai-edge-litert", "numpy", "backports-strenum", "typing-extensions", "ml-dtypes")),
)
DEBIAN = (
    "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "libc6", "libgcc-s1", "libstdc++6",
    "zlib1g", "libexpat1", "libffi8", "libbz2-1.0", "liblzma5", "libssl3",
)  # fmt: skip
GLIBC_MINOR = 36  # of the Debian release that has Python 3.11: wheels for a newer glibc would not load
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
    """Run ``command`` in ``folder``, or skip the test where nothing can be fetched."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=280)
    if done.returncode:
        pytest.skip(f"{command[0]} cannot fetch packages: {(done.stderr or done.stdout).strip()[-300:]}")


def python_with(packages: tuple[str, ...], folder: Path) -> list[str]:
    """The command of a Python of this machine that has ``packages`` and nothing else."""
    site = folder / "site"
    install = [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-deps", "--target", str(site)]
    fetch([*install, "--python", sys.executable, *packages], folder)
    return ["env", f"PYTHONPATH={site}", sys.executable, "-S"]


class Arm64:
    """An arm64 Python 3.11, fetched with apt and laid out in ``folder``; nothing is installed."""

    def __init__(self, folder: Path) -> None:
        qemu = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
        if qemu is None:
            pytest.skip("needs qemu-user: apt-get install qemu-user-static")
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            pytest.skip("needs apt-get and dpkg-deb to fetch an arm64 Python")
        if sys.version_info[:2] != (3, 11):
            pytest.skip("fetches the wheels of Python 3.11")
        self.qemu, self.root = qemu, folder / "root"
        for name in ("lists/partial", "cache/archives/partial", "root/proc"):
            (folder / name).mkdir(parents=True)
        apt = ["apt-get", "-q", "-o", "APT::Architectures=amd64,arm64", "-o", f"Dir::State::Lists={folder / 'lists'}"]
        apt += ["-o", f"Dir::Cache={folder / 'cache'}", "-o", "APT::Sandbox::User=root"]
        fetch([*apt, "update"], folder)
        fetch([*apt, "download", *(f"{name}:arm64" for name in DEBIAN)], folder)
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, self.root], check=True)
        (self.root / "proc" / "cpuinfo").write_text(CPUINFO)

    def python_with(self, packages: tuple[str, ...], folder: Path, *beside: Path) -> list[str]:
        """The command of a Python that has ``packages`` and the folders ``beside`` on its path."""
        tags = ("manylinux2014", *(f"manylinux_2_{minor}" for minor in range(17, GLIBC_MINOR + 1)))
        platforms = [f"--platform={tag}_aarch64" for tag in tags]
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
        fetch([*pip, "--python-version=3.11", *platforms, "-d", "wheels", *packages], folder)
        for wheel in (folder / "wheels").glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(folder / "site")
        path = ":".join(map(str, (folder / "site", *beside)))
        python = self.root / "usr" / "bin" / "python3.11"
        return [self.qemu, "-cpu", "cortex-a72", "-E", f"PYTHONPATH={path}", "-L", str(self.root), str(python)]
