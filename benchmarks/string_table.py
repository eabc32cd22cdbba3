"""The vocabulary's string table against a gzipped JSON array: size, and time to load with the standard library.

Usage: python -m benchmarks.string_table
"""

import gzip
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.results import Measurement, write_results
from recsys.bundle.strings import StringTable, write_strings

ROUNDS = 200
LETTERS = list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def numbers(count: int, highest: int) -> list[str]:
    """Ids as MovieLens has them, in the order of a vocabulary: of films, by how often they were seen."""
    return [str(one) for one in np.random.default_rng(1).permutation(np.arange(1, highest + 1))[:count]]


def asins(count: int) -> list[str]:
    """Ids as Amazon has them: B00 and seven letters or digits."""
    drawn = np.random.default_rng(2).choice(LETTERS, (count, 7))
    return ["B00" + "".join(row) for row in drawn]


def best_ms(load: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        load()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def read_array(content: bytes) -> object:
    return json.loads(gzip.decompress(content))


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vocabulary.bin"
        for name, strings in (("3,416 numbers", numbers(3_416, 3_952)), ("12,101 ASINs", asins(12_101))):
            write_strings(path, strings)
            size = path.stat().st_size
            array = gzip.compress(json.dumps(strings, separators=(",", ":")).encode(), 9, mtime=0)
            assert json.loads(gzip.decompress(array)) == strings
            ours = best_ms(partial(StringTable, path))
            theirs = best_ms(partial(read_array, array))
            gzipped = f"gzipped JSON, {len(array):,} bytes"
            rows.append(Measurement(f"{name}: size", size, "bytes", gzipped, len(array) / size))
            rows.append(Measurement(f"{name}: load", ours, "ms", f"gzipped JSON, {theirs:.2f} ms", theirs / ours))
    write_results("string_table", rows)


if __name__ == "__main__":
    main()
