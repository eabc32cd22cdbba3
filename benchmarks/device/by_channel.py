"""Models that read more of an event, beside one that reads its item alone: size, latency, one event more."""

from pathlib import Path

from benchmarks.device.bundles import ITEMS, export, random_model
from benchmarks.device.client import run_client
from benchmarks.results import Measurement

CHANNELS = ("request_time", "event_types", "event_values")


def measure(folder: Path, length: int, rounds: int) -> list[Measurement]:
    rows = []
    names = ("encode", "incremental")
    for variant in ("float32", "int8"):
        alone = export(folder / f"{variant}-items", random_model(ITEMS, length), variant, names)
        for channels in (CHANNELS[:1], CHANNELS):
            read = " and ".join(channels)
            made = export(folder / f"{variant}-{read}", random_model(ITEMS, length, channels), variant, names)
            less, more = run_client(alone.path, 1, length, rounds), run_client(made.path, 1, length, rounds)
            label = f"{variant}, {read}, history {length}"
            for what, unit, without, found in (
                ("size", "KiB", alone.size / 1024, made.size / 1024),
                ("median", "ms", less["median_ms"], more["median_ms"]),
            ):
                rows.append(Measurement(f"{label}: {what}", found, unit, "items alone", without / found))
            full, step = more["encode_ms"], more["step_ms"]
            against = f"a full pass over {length} events"
            rows.append(Measurement(f"{label}: one event more, the model", step, "ms", against, full / step))
    return rows
