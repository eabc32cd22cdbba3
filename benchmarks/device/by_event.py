"""One more event against a whole history, in the model and in the Python client."""

from pathlib import Path

from benchmarks.device.bundles import ITEMS, export, random_model
from benchmarks.device.client import run_client
from benchmarks.results import Measurement


def measure(folder: Path, length: int, rounds: int) -> list[Measurement]:
    rows = []
    for variant in ("float32", "int8"):
        made = export(folder / f"event-{variant}", random_model(ITEMS, length), variant, ("encode", "incremental"))
        found = run_client(made.path, 1, length, rounds)
        against = f"a full pass over {length} events"
        for what, whole, one in (("the model", "encode", "step"), ("the Python client", "anew", "append")):
            full, step = found[f"{whole}_ms"], found[f"{one}_ms"]
            rows.append(Measurement(f"{variant}: one event more, {what}", step, "ms", against, full / step))
    return rows
