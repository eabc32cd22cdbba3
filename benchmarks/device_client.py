"""What one client process sees of one bundle: ``python -m benchmarks.device_client BUNDLE THREADS EVENTS``.

Only the device's own code is imported. Prints a JSON object of milliseconds and bytes.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from recsys.data.history import Event
from serving.reranker import Reranker

RUNS = 300


def resident() -> int:
    """Bytes of this process in memory now."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * 4096


def peak() -> int:
    """The most that this process has had in memory, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def milliseconds(start: float) -> float:
    return (time.perf_counter() - start) * 1e3


def main() -> None:
    bundle, threads, events = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    before = resident()
    start = time.perf_counter()
    reranker = Reranker(bundle, threads=threads)
    load = milliseconds(start)
    random = np.random.default_rng(1)
    names = [str(reranker.vocabulary.decode(int(i))) for i in random.integers(1, len(reranker.vocabulary) + 1, 400)]
    history, candidates = [Event(name, time_) for time_, name in enumerate(names[:events])], names[-100:]
    start = time.perf_counter()
    reranker.rerank(history, candidates)
    first = milliseconds(start)
    after = resident()
    encoded, ids = reranker.encode_history(history), reranker.encode_candidates(candidates)
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        reranker.score(encoded, ids)
        times.append(milliseconds(start))
    found = {
        "load_ms": load,
        "first_ms": first,
        "median_ms": float(np.median(times)),
        "p99_ms": float(np.percentile(times, 99)),
        "grown_bytes": after - before,
        "peak_bytes": peak(),
    }
    if "step" in reranker.manifest.signatures:
        found |= incremental(reranker, encoded)
    print(json.dumps(found))


def incremental(reranker: Reranker, encoded: np.ndarray) -> dict[str, float]:
    """A whole history, and one event more, each as its own signature gives the query embedding."""
    carried = reranker.run("start", history=encoded)
    count = np.array([[reranker.manifest.history_length - 1]], np.int32)
    item = np.ones((1, 1), np.int32)
    passes = {
        "start_ms": lambda: reranker.run("start", history=encoded),
        "encode_ms": lambda: reranker.run("encode", history=encoded),
        "step_ms": lambda: reranker.run("step", item=item, count=count, **{k: carried[k] for k in ("keys", "values")}),
    }
    found = {}
    for name, one in passes.items():
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            one()
            times.append(milliseconds(start))
        found[name] = float(np.median(times))
    return found


if __name__ == "__main__":
    main()
