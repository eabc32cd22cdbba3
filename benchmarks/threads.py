"""One Reranker asked by many threads: whether every answer is the asker's own, and how many a second.

``at_once`` interpreters serve 8 threads; each figure is held against one thread that asks alone, each memory against
a Reranker of one interpreter. The model is the one of ``benchmarks.device``: random weights, 200 events, 100
candidates. Usage: python -m benchmarks.threads [--quick]
"""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.device import ITEMS, export, random_model
from benchmarks.device_client import resident
from benchmarks.results import Measurement, write_results
from recsys.core.events import Event
from serving.reranker import Reranker

THREADS, CALLS, LENGTH = 8, 10_000, 200
VARIANTS, AT_ONCE = ("float32", "int8"), (1, 2, 4)
ROUNDS = 20  # alternating, and the best counts: a busy moment of the machine makes one slower, none makes it faster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer calls: does the benchmark work?")
    calls = 400 if parser.parse_args().quick else CALLS
    rows: list[Measurement] = []
    with tempfile.TemporaryDirectory() as folder:
        model = random_model(ITEMS, LENGTH, memory=False)
        for variant in VARIANTS:
            rows += measure(export(Path(folder) / variant, model, variant).path, variant, calls)
    write_results("threads", rows)
    sys.exit(any(row.unit == "differing answers" and row.value for row in rows))


def measure(bundle: Path, variant: str, calls: int) -> list[Measurement]:
    """Answers that differ, answers a second and memory, by the number of interpreters."""
    random = np.random.default_rng(1)
    names = [str(int(i)) for i in random.integers(0, ITEMS, 4 * LENGTH)]
    users = [[Event(name, time_) for time_, name in enumerate(names[u : u + LENGTH])] for u in range(LENGTH)]
    candidates = names[-100:]
    rerankers, grown = {}, {}
    for at_once in AT_ONCE:
        before = resident()
        rerankers[at_once] = Reranker(bundle, at_once=at_once)
        rerankers[at_once].rerank(users[0], candidates)
        grown[at_once] = resident() - before
    expected = [rerankers[1].rerank(user, candidates) for user in users]
    rows, best = [], {}
    each = calls // ROUNDS
    differing = dict.fromkeys(AT_ONCE, 0)
    for _ in range(ROUNDS):
        for at_once, reranker in rerankers.items():
            for threads in (1, THREADS):

                def ask(call: int, reranker: Reranker = reranker) -> bool:
                    return reranker.rerank(users[call % LENGTH], candidates) != expected[call % LENGTH]

                with ThreadPoolExecutor(threads) as pool:
                    start = time.perf_counter()
                    wrong = sum(pool.map(ask, range(each)))
                    rate = each / (time.perf_counter() - start)
                differing[at_once] += wrong
                best[at_once, threads] = max(best.get((at_once, threads), 0), rate)
    for at_once in AT_ONCE:
        label = f"{variant}, {at_once} at once, {THREADS} threads"
        rate, alone = best[at_once, THREADS], best[1, 1]
        rows.append(Measurement(f"{label}: of {2 * each * ROUNDS} calls", differing[at_once], "differing answers"))
        rows.append(Measurement(f"{label}: rankings", rate, "a second", "one thread alone", rate / alone))
        if at_once > 1:
            more = (grown[at_once] - grown[1]) / 2**20 / (at_once - 1)
            what = f"{variant}: each interpreter more"
            rows.append(Measurement(what, more, "MiB", "a Reranker of one", grown[1] / 2**20 / max(more, 1e-9)))
    return rows


if __name__ == "__main__":
    main()
