"""Where a run came from: code, environment, clock."""

import hashlib
import json
import resource
import shlex
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from recsys import __version__
from recsys.config.secrets import scrubbed
from recsys.core.json_files import write_json


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _git(*arguments: str) -> str | None:
    here = Path(__file__).parent
    try:
        done = subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def environment() -> str:
    """Every installed package and its version, one a line: what ``environment.txt`` of a run holds."""
    return "".join(sorted({f"{one.name}=={one.version}\n" for one in distributions()}))


def code_facts() -> dict[str, Any]:
    """The program's version, its commit (None outside a checkout), whether the tree was clean, and the environment."""
    status = _git("status", "--porcelain")
    return {
        "recsys_version": __version__,
        "code_version": _git("rev-parse", "HEAD"),
        "code_clean": None if status is None else not status,
        "python": sys.version.split()[0],
        "environment_lock": hashlib.sha256(environment().encode()).hexdigest(),
    }


def command_line() -> str:
    """What started this process, as a shell takes it, but for the secrets of addresses."""
    program, *arguments = sys.argv or ["python"]
    file = Path(program)
    name = file.parent.name if file.name == "__main__.py" else file.name  # python -m NAME
    return shlex.join([name, *map(scrubbed, arguments)])


class Clock:
    """Wall-clock and CPU seconds that a training has taken, over all its attempts.

    Args:
        file: where ``save`` keeps them, and where those of earlier attempts are found.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._wall, self._cpu = file, time.perf_counter(), time.process_time()
        self._before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"wall": 0.0, "cpu": 0.0}

    @property
    def wall(self) -> float:
        return float(self._before["wall"]) + time.perf_counter() - self._wall

    @property
    def cpu(self) -> float:
        return float(self._before["cpu"]) + time.process_time() - self._cpu

    def save(self) -> None:
        write_json(self._file, {"wall": self.wall, "cpu": self.cpu})


def peak_memory_bytes() -> int:
    """The most memory this process has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)
