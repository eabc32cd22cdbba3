"""What a training step costs as the catalog grows: sampled softmax, with and without the memory.

    make bench-catalog

Each size trains in a process of its own, turn and turn about, on as many events drawn from its own items; the
ratio is the median over turns. The limits are a step of one and a half times and 3 GiB.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import replace

from benchmarks.results import Measurement, write_results
from benchmarks.training import BATCH, SHAPES, TURNS, make_fit, make_sequences
from recsys.config.model import MemoryConfig, ModelConfig
from recsys.config.training import TrainingConfig

SIZES, FEW = (100_000, 1_000_000), (1_000, 2_000)
STEPS, WARM = 40, 10
LIMIT_BYTES, LIMIT_RATIO = 3 * 2**30, 1.5


def measure(items: int, memory: bool, steps: int) -> dict[str, float]:
    """Median seconds a step and peak bytes, in this process, whose peak is nothing else's."""
    from recsys.training.facts import peak_memory_bytes

    sequences = make_sequences(replace(SHAPES[1], items=items, steps=steps))
    config = ModelConfig(max_length=SHAPES[1].length, blocks=2, memory=MemoryConfig() if memory else None)
    fit = make_fit(config, TrainingConfig(batch_size=BATCH), sequences, items)
    seconds, before = [], time.perf_counter()
    for loss in fit.steps(1):
        loss.numpy()
        now = time.perf_counter()
        seconds.append(now - before)
        before = now
    return {"seconds": statistics.median(seconds[WARM:]), "peak": peak_memory_bytes()}


def apart(items: int, memory: bool, steps: int) -> dict[str, float]:
    """``measure`` in a process of its own."""
    code = f"import json, benchmarks.catalog as one; print(json.dumps(one.measure({items}, {memory}, {steps})))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small catalogs, few steps: does the benchmark work?")
    quick = parser.parse_args().quick
    (small, large), steps = (FEW, WARM + 2) if quick else (SIZES, STEPS)
    measurements = []
    for memory in (False, True):
        what = "with the memory" if memory else "without the memory"
        turns = [[apart(items, memory, steps) for items in (small, large)] for _ in range(1 if quick else TURNS)]
        ratio = statistics.median(more["seconds"] / less["seconds"] for less, more in turns)
        peak = max(more["peak"] for _, more in turns)
        step, limit = f"a step, {large:,} items, {what}", f"{LIMIT_RATIO} times one of {small:,}"
        measurements.append(Measurement(step, ratio, f"× {small:,} items", limit, LIMIT_RATIO / ratio))
        measurements.append(Measurement(f"peak memory, {what}", peak / 2**30, "GiB", "3 GiB", LIMIT_BYTES / peak))
    write_results("catalog", measurements)


if __name__ == "__main__":
    main()
