"""What a training step costs as the catalog grows: sampled softmax, with and without the memory.

    make bench-catalog

Each size trains in a process of its own, turn and turn about, on as many events drawn from its own items; the
ratio is the median over turns. The limits are a step of one and a half times and 3 GiB.
"""

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

SMALL, LARGE = 100_000, 1_000_000
STEPS, WARM = 40, 10
LIMIT_BYTES, LIMIT_RATIO = 3 * 2**30, 1.5


def measure(items: int, memory: bool) -> dict[str, float]:
    """Median seconds a step and peak bytes, in this process, whose peak is nothing else's."""
    from recsys.training.facts import peak_memory_bytes

    sequences = make_sequences(replace(SHAPES[1], items=items, steps=STEPS))
    config = ModelConfig(max_length=SHAPES[1].length, blocks=2, memory=MemoryConfig() if memory else None)
    fit = make_fit(config, TrainingConfig(batch_size=BATCH), sequences, items)
    seconds, before = [], time.perf_counter()
    for loss in fit.steps(1):
        loss.numpy()
        now = time.perf_counter()
        seconds.append(now - before)
        before = now
    return {"seconds": statistics.median(seconds[WARM:]), "peak": peak_memory_bytes()}


def apart(items: int, memory: bool) -> dict[str, float]:
    """``measure`` in a process of its own."""
    code = f"import json, benchmarks.catalog as one; print(json.dumps(one.measure({items}, {memory})))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    measurements = []
    for memory in (False, True):
        what = "with the memory" if memory else "without the memory"
        turns = [(apart(SMALL, memory), apart(LARGE, memory)) for _ in range(TURNS)]
        ratio = statistics.median(large["seconds"] / small["seconds"] for small, large in turns)
        peak = max(large["peak"] for _, large in turns)
        step, limit = f"a step, {LARGE:,} items, {what}", f"{LIMIT_RATIO} times one of {SMALL:,}"
        measurements.append(Measurement(step, ratio, f"× {SMALL:,} items", limit, LIMIT_RATIO / ratio))
        measurements.append(Measurement(f"peak memory, {what}", peak / 2**30, "GiB", "3 GiB", LIMIT_BYTES / peak))
    write_results("catalog", measurements)


if __name__ == "__main__":
    main()
