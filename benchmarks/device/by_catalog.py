"""int8 over a small and a large catalog: latency, and memory against the file."""

from pathlib import Path

from benchmarks.device.bundles import export, random_model
from benchmarks.device.client import run_client
from benchmarks.results import Measurement

FEW = 10_000


def measure(folder: Path, many: int, rounds: int) -> list[Measurement]:
    small, large = (export(folder / f"items-{n}", random_model(n, 50), "int8") for n in (FEW, many))
    few, lots = run_client(small.path, 1, 50, rounds), run_client(large.path, 1, 50, rounds)
    limit = 1.3 * large.size
    return [
        Measurement(
            f"int8, {many} items: median", lots["median_ms"], "ms",
            f"1.2 times that of {FEW} items", 1.2 * few["median_ms"] / lots["median_ms"],
        ),
        Measurement(
            f"int8, {many} items: memory grown", lots["grown_bytes"] / 2**20, "MiB",
            f"1.3 times the bundle, {limit / 2**20:.0f} MiB", limit / lots["grown_bytes"],
        ),
        Measurement(f"int8, {many} items: load", lots["load_ms"], "ms"),
    ]  # fmt: skip
