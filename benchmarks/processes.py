"""A program run to its end, with its time and the peak memory of each of its processes."""

import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

INTERVAL = 0.05


@dataclass(frozen=True)
class Ran:
    """Wall-clock and processor seconds of all processes, and resident memory in bytes.

    Attributes:
        peak_bytes: the most that any one process held.
        launcher_bytes: the most that the program's own process held, none of those that it started.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    launcher_bytes: int


def run(*arguments: str) -> Ran:
    """Run ``python ARGUMENTS`` in the project's directory; stops the benchmark when it fails."""
    peaks, cpu, done = Counter[int](), {}, threading.Event()
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )

    def watch() -> None:
        root = psutil.Process(process.pid)
        while not done.is_set():
            try:
                for one in (root, *root.children(recursive=True)):
                    peaks[one.pid] = max(peaks[one.pid], one.memory_info().rss)
                    times = one.cpu_times()
                    cpu[one.pid] = times.user + times.system
            except psutil.NoSuchProcess:
                pass
            time.sleep(INTERVAL)

    watcher = threading.Thread(target=watch)
    watcher.start()
    errors = process.communicate()[1]
    seconds = time.perf_counter() - started
    done.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{errors[-2000:]}")
    return Ran(seconds, sum(cpu.values()), max(peaks.values()), peaks[process.pid])
