"""A program run to its end, with its time and the peak memory of each of its processes."""

import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

INTERVAL = 0.05


@dataclass(frozen=True)
class Ran:
    """Wall-clock and processor seconds, and the largest resident memory of any one process, in bytes."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def run(*arguments: str) -> Ran:
    """Run ``python ARGUMENTS`` in the project's directory; stops the benchmark when it fails."""
    peak, cpu, done = [0], {}, threading.Event()
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
                    peak[0] = max(peak[0], one.memory_info().rss)
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
    return Ran(seconds, sum(cpu.values()), peak[0])
