"""Bundles on this machine: size, load, latency, memory and multiply-adds. It is not a phone: ratios carry over, times
do not.

    make bench-device

Every row is a process of its own that has only the device's code. Option: --quick.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.device import by_catalog, by_channel, by_event, by_variant
from benchmarks.results import Measurement, write_results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer of everything: does the benchmark work?")
    quick = parser.parse_args().quick
    rounds, lengths, many = (1, (50,), 20_000) if quick else (3, (50, 200), 1_000_000)
    rows: list[Measurement] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for length in lengths:
            rows += by_variant.measure(
                folder / str(length), length, ("int8", "int8-m0") if quick else by_variant.VARIANTS, rounds
            )
        rows += by_catalog.measure(folder, many, rounds)
        rows += by_event.measure(folder, 50 if quick else 200, rounds)
        rows += by_channel.measure(folder, 50 if quick else 200, rounds)
    write_results("device", rows)
    print("This machine is not a phone: compare the ratios, not the times.")


if __name__ == "__main__":
    main()
