"""Every variant beside the plain float32 graph, by threads: size, multiply-adds, load, latency and memory."""

from pathlib import Path

from benchmarks.device.bundles import ITEMS, export, plain, random_model
from benchmarks.device.client import run_client
from benchmarks.results import Measurement

VARIANTS = ("float32", "float16", "int8", "int8-m0", "int4", "pq")


def measure(folder: Path, length: int, variants: tuple[str, ...], rounds: int) -> list[Measurement]:
    model = random_model(ITEMS, length)
    base = plain(folder / "plain", random_model(ITEMS, length, memory=False))
    rows = []
    reference = {threads: run_client(base.path, threads, length, rounds) for threads in (1, 2)}
    for variant in ("plain", *variants):
        made = base if variant == "plain" else export(folder / variant, model, variant)
        label, against = f"{variant}, history {length}", f"plain float32 graph, history {length}"
        rows.append(Measurement(f"{label}: size", made.size / 1024, "KiB", against, base.size / made.size))
        rows.append(
            Measurement(
                f"{label}: multiply-adds",
                made.multiply_adds / 1e6,
                "M",
                against,
                base.multiply_adds / made.multiply_adds,
            )
        )
        for threads, plainly in reference.items():
            found = plainly if variant == "plain" else run_client(made.path, threads, length, rounds)
            where = f"{label}, threads {threads}"
            for key in ("load_ms", "first_ms", "median_ms", "p99_ms"):
                name = f"{where}: {key.removesuffix('_ms')}"
                rows.append(Measurement(name, found[key], "ms", against, plainly[key] / found[key]))
            peak, least = found["peak_bytes"], plainly["peak_bytes"]
            rows.append(Measurement(f"{where}: peak memory", peak / 2**20, "MiB", against, least / peak))
    return rows
