"""What a training step costs as the catalogue grows: sampled softmax, with and without the memory.

    make bench-catalogue

Each size trains in a process of its own, on the same number of events; the limits are a step of one and a half times
and 3 GiB.
"""

import json
import statistics
import subprocess
import sys
import time
from dataclasses import replace

from benchmarks.results import Measurement, write_results
from benchmarks.training import SHAPES, make_sequences
from recsys.config.model import MemoryConfig, ModelConfig
from recsys.config.training import TrainingConfig

SMALL, LARGE = 100_000, 1_000_000
STEPS, WARM = 40, 10
LIMIT_BYTES, LIMIT_RATIO = 3 * 2**30, 1.5


def measure(items: int, memory: bool) -> dict[str, float]:
    """Median seconds a step and peak bytes, in this process, whose peak is nothing else's."""
    from recsys.data.transitions import count_transitions
    from recsys.models.losses import build_loss
    from recsys.models.sasrec import build_model
    from recsys.training.batches import Batches
    from recsys.training.facts import peak_memory_bytes
    from recsys.training.optimizer import build_optimizer
    from recsys.training.stepper import Stepper

    shape = replace(SHAPES[1], items=items, steps=STEPS)
    sequences = make_sequences(shape)
    ends = sequences.offsets[1:]
    config = ModelConfig(memory=MemoryConfig() if memory else None)
    training = TrainingConfig()
    counted = None
    model = build_model(config, items + 1)
    if config.memory is not None and model.memory is not None:
        window, kept = config.memory.window, config.memory.neighbours
        counted = count_transitions(sequences.items, sequences.offsets[:-1], ends, items + 1, window, kept)
        model.memory.assign(counted)
    model.task = build_loss(training)
    optimizer = build_optimizer(training, 1000)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer)
    stepper = Stepper(model, Batches(sequences, ends, config, training, items, counted), training.seed)
    seconds, before = [], time.perf_counter()
    for loss in stepper.epoch(1):
        loss.numpy()
        now = time.perf_counter()
        seconds.append(now - before)
        before = now
    return {"seconds": statistics.median(seconds[WARM:]), "peak": peak_memory_bytes()}


def main() -> None:
    measurements = []
    for memory in (False, True):
        what = "with the memory" if memory else "without the memory"
        found = {}
        for items in (SMALL, LARGE):
            code = (
                f"import json; from benchmarks.catalogue import measure; print(json.dumps(measure({items}, {memory})))"
            )
            done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
            found[items] = json.loads(done.stdout.splitlines()[-1])
        ratio = found[LARGE]["seconds"] / found[SMALL]["seconds"]
        peak = found[LARGE]["peak"]
        against = f"{LIMIT_RATIO} times one of {SMALL:,}"
        measurements.append(
            Measurement(f"a step, {LARGE:,} items, {what}", ratio, f"× {SMALL:,} items", against, LIMIT_RATIO / ratio)
        )
        measurements.append(Measurement(f"peak memory, {what}", peak / 2**30, "GiB", "3 GiB", LIMIT_BYTES / peak))
    write_results("catalogue", measurements)


if __name__ == "__main__":
    main()
