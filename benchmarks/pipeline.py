"""The preparation against an element-by-element Beam pipeline and against polars, and its peak memory.

Every program runs in processes of its own, start-up included; the fastest of its runs counts, and runs alternate so
that a busy moment of the machine meets each of them. Usage: python -m benchmarks.pipeline [--quick]
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from benchmarks.pipeline_log import write_log
from benchmarks.processes import Ran, run
from benchmarks.results import Measurement, write_results

LIMIT = 3 << 29  # bytes a process: 1.5 GiB
ROUNDS = 2


def prepare(log: Path, folder: Path, workers: int, exchange: str = "files") -> Ran:
    """Run our preparation on the local runner."""
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    config = folder / "config.yaml"
    config.write_text(f"data: {{path: {log}, columns: {{event_id: event_id}}}}\n")
    command = "import sys; from recsys.cli import main; sys.exit(main())"
    how = ("--workers", str(workers), "--exchange", exchange)
    ran = run("-c", command, "prepare", str(config), "--work-dir", str(work), *how)
    shutil.rmtree(work)
    return ran


def peer(module: str, log: Path, folder: Path) -> Ran:
    """Run another program for the same job."""
    out = folder / "peer"
    shutil.rmtree(out, ignore_errors=True)
    return run("-m", f"benchmarks.{module}", str(log), str(out))


def best(runs: list[Ran]) -> Ran:
    return min(runs, key=lambda one: one.seconds)


def least_work(runs: list[Ran]) -> float:
    return min(one.cpu_seconds for one in runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a hundredth of the events: does the benchmark work?")
    scale = 100 if parser.parse_args().quick else 1
    naive_events, events, many = 1_000_000 // scale, 10_000_000 // scale, 50_000_000 // scale
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, log = folder / "small.csv", folder / "log.csv"
        write_log(small, naive_events)
        write_log(log, events)
        naive, polars, ours, by_engine = [], [], [], []
        for _ in range(ROUNDS):
            naive.append(peer("pipeline_naive", small, folder))
            polars.append(peer("pipeline_polars", log, folder))
            ours += [prepare(log, folder, workers) for workers in (1, 2)]
            by_engine.append(prepare(log, folder, 2, "engine"))
        write_log(log, many)
        large = prepare(log, folder, 2)
    speed, work = events / best(ours).seconds, events / least_work(ours)
    engine_speed, engine_work = events / best(by_engine).seconds, events / least_work(by_engine)
    naive_speed, naive_work = naive_events / best(naive).seconds, naive_events / least_work(naive)
    polars_speed, polars_work = events / best(polars).seconds, events / least_work(polars)
    peaks = {events: max(one.peak_bytes for one in ours), many: large.peak_bytes}
    write_results(
        "pipeline",
        [
            Measurement("events a second", speed, "1/s", "element-by-element Beam", speed / naive_speed),
            Measurement("events a second", speed, "1/s", "polars, in memory", speed / polars_speed),
            Measurement(
                "events a second, exchange by the engine",
                engine_speed,
                "1/s",
                "element-by-element Beam",
                engine_speed / naive_speed,
            ),
            Measurement("events a processor second", work, "1/s", "element-by-element Beam", work / naive_work),
            Measurement(
                "events a processor second, exchange by the engine",
                engine_work,
                "1/s",
                "element-by-element Beam",
                engine_work / naive_work,
            ),
            Measurement("events a processor second", work, "1/s", "polars, in memory", work / polars_work),
            *(
                Measurement(f"peak memory of a process, {count:,} events", peak / 2**30, "GiB", "1.5 GiB", LIMIT / peak)
                for count, peak in peaks.items()
            ),
        ],
    )


if __name__ == "__main__":
    main()
