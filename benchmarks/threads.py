"""One Reranker asked by many threads: whether every answer is the asker's own, and how many a second.

``at_once`` interpreters serve 8 threads; each figure is held against one thread that asks alone, each memory against
a Reranker of one interpreter. The model is the int8 one of ``benchmarks.device``: random weights, 200 events, 100
candidates; users have 60 events. Usage: python -m benchmarks.threads [--quick]
"""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.device.bundles import ITEMS, export, random_model
from benchmarks.device.client import resident
from benchmarks.results import Measurement, write_results
from recsys.core.events import Event
from serving.reranker import Reranker

VARIANT, THREADS, CALLS = "int8", 8, 10_000
LENGTH, EVENTS, USERS = 200, 60, 200
AT_ONCE = (1, 2)
ROUNDS = 10  # alternating, and the best counts: a busy moment of the machine makes one slower, none makes it faster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer calls: does the benchmark work?")
    calls = 400 if parser.parse_args().quick else CALLS
    with tempfile.TemporaryDirectory() as folder:
        model = random_model(ITEMS, LENGTH, memory=False)
        rows = measure(export(Path(folder) / VARIANT, model, VARIANT).path, calls)
    write_results("threads", rows)
    sys.exit(any(row.unit == "differing answers" and row.value for row in rows))


def measure(bundle: Path, calls: int) -> list[Measurement]:
    """Answers that differ, answers a second and memory, by the number of interpreters."""
    random = np.random.default_rng(1)
    names = [str(int(i)) for i in random.integers(0, ITEMS, USERS + EVENTS)]
    users = [[Event(name, time_) for time_, name in enumerate(names[u : u + EVENTS])] for u in range(USERS)]
    candidates = names[-100:]
    rerankers, grown = {}, {}
    for at_once in AT_ONCE:
        before = resident()
        rerankers[at_once] = Reranker(bundle, at_once=at_once)
        rerankers[at_once].rerank(users[0], candidates)
        grown[at_once] = resident() - before
    expected = [rerankers[1].rerank(user, candidates) for user in users]
    rows: list[Measurement] = []
    best: dict[tuple[int, int], float] = {}
    # All calls are made of the one interpreter that every thread wants; a tenth tells how fast the others are.
    shares = {(1, 1): 10, (1, THREADS): 1, **{(at_once, THREADS): 10 for at_once in AT_ONCE[1:]}}
    cases = {case: calls // ROUNDS // share for case, share in shares.items()}
    differing = dict.fromkeys(AT_ONCE, 0)
    for _ in range(ROUNDS):
        for (at_once, threads), each in cases.items():

            def ask(call: int, reranker: Reranker = rerankers[at_once]) -> bool:
                return reranker.rerank(users[call % USERS], candidates) != expected[call % USERS]

            with ThreadPoolExecutor(threads) as pool:
                start = time.perf_counter()
                differing[at_once] += sum(pool.map(ask, range(each)))
                rate = each / (time.perf_counter() - start)
            best[at_once, threads] = max(best.get((at_once, threads), 0), rate)
    for at_once in AT_ONCE:
        label = f"{VARIANT}, {at_once} at once, {THREADS} threads"
        rate, alone = best[at_once, THREADS], best[1, 1]
        made = ROUNDS * cases[at_once, THREADS]
        rows.append(Measurement(f"{label}: of {made} calls", differing[at_once], "differing answers"))
        rows.append(Measurement(f"{label}: rankings", rate, "a second", "one thread alone", rate / alone))
        if at_once > 1:
            more = (grown[at_once] - grown[1]) / 2**20 / (at_once - 1)
            what = f"{VARIANT}: each interpreter more"
            ratio = grown[1] / 2**20 / more if more > 0 else None  # it may come from memory that was there
            rows.append(Measurement(what, more, "MiB", "a Reranker of one", ratio))
    return rows


if __name__ == "__main__":
    main()
