"""What one client process sees of one bundle: ``python -m benchmarks.device.client BUNDLE THREADS EVENTS``.

Only the device's own code is imported. Prints a JSON object of milliseconds and bytes.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from ai_edge_litert.compiled_model import CompiledModel

from recsys.core.events import Event
from recsys.core.history import History
from serving.reranker import Reranker
from serving.session import Session

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


def run_client(bundle: Path, threads: int, events: int, rounds: int) -> dict[str, float]:
    """The best of some processes: a busy moment of the machine makes one slower, none makes it faster."""
    command = [sys.executable, "-m", "benchmarks.device.client", str(bundle), str(threads), str(events)]
    runs = [json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout) for _ in range(rounds)]
    return {name: min(run[name] for run in runs) for name in runs[0]}


def main() -> None:
    bundle, threads, events = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    before = resident()
    start = time.perf_counter()
    reranker = Reranker(bundle, threads=threads)
    load = milliseconds(start)
    random = np.random.default_rng(1)
    names = [str(reranker.vocabulary.decode(int(i))) for i in random.integers(1, len(reranker.vocabulary) + 1, 400)]
    history, candidates = (
        [Event(name, time_, 0, "view", 1.0) for time_, name in enumerate(names[:events])],
        names[-100:],
    )
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
        found |= incremental(reranker, encoded) | session(reranker, history)
    print(json.dumps(found))


def incremental(reranker: Reranker, encoded: History) -> dict[str, float]:
    """A whole history, and one event more, each as its own signature gives the query embedding.

    The model alone, over buffers that stay where they are: what a client pays that writes each new column into its
    buffer itself.
    """
    carried = reranker.run("start", **encoded.inputs())
    count = np.array([[reranker.manifest.history_length - 1]], np.int32)
    past = {f"{name}_{n}": carried[name][n : n + 1] for name in ("keys", "values") for n in range(len(carried[name]))}
    newest = encoded.map(lambda channel: channel[:, -1:])
    if len(encoded.times):  # of the columns of the state, then the event's own
        newest = newest._replace(times=np.pad(encoded.times, ((0, 0), (0, 1))))
    event = newest.inputs(items="item")
    inputs = {"encode": encoded.inputs(), "step": {**event, "count": count, **past}}
    model = CompiledModel.from_file(str(reranker.bundle.model_file))
    found = {}
    for name, values in inputs.items():
        number = list(model.get_signature_list()).index(name)
        into, out_of = model.create_input_buffers(number), model.create_output_buffers(number)
        for place, buffer in zip(model.get_signature_list()[name]["inputs"], into, strict=True):
            buffer.write(values[place])
        found[f"{name}_ms"] = median_ms(partial(model.run_by_index, number, into, out_of))
    return found


def session(reranker: Reranker, history: list[Event]) -> dict[str, float]:
    """The same as a Python client has it, from events: a session's last quarter of appends, and everything anew."""
    times = []
    for _ in range(max(4 * RUNS // len(history), 1)):
        growing = Session(reranker, history[: -len(history) // 4])
        for event in history[-len(history) // 4 :]:
            start = time.perf_counter()
            growing.append(event)
            times.append(milliseconds(start))
    anew = median_ms(lambda: reranker.run("encode", **reranker.encode_history(history).inputs()))
    return {"append_ms": float(np.median(times)), "anew_ms": anew}


def median_ms(run: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        times.append(milliseconds(start))
    return float(np.median(times))


if __name__ == "__main__":
    main()
