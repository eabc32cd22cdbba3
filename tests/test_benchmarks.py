"""Each benchmark that takes no minutes runs to its end, at a size whose figures say nothing but that it works."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[1]
FILES = [path for path in (ROOT / "benchmarks").rglob("*.py") if "write_results(" in path.read_text()]
NAMES = sorted(path.parent.name if path.stem == "__main__" else path.stem for path in FILES)
MINUTES = {"night", "pipeline", "time_to_quality"}  # that is what they take at any size: run these by hand
SMALL = {
    "launcher": ["--users", "2000", "3000", "--items", "100"],
    "score": ["--users", "300", "--items", "2000"],
    "string_table": [],
    "item_features": ["--items", "2000", "--values", "100"],
}
# What it measures lies elsewhere than what somebody measured in earnest.
PROGRAM = """
import runpy, sys
from pathlib import Path
import benchmarks.results
benchmarks.results.RESULTS = Path(sys.argv.pop(1))
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__")
"""


def test_the_benchmarks_are_all_there() -> None:
    assert len(NAMES) > 10
    assert MINUTES | set(SMALL) <= set(NAMES)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"results"} - MINUTES))
def test_a_benchmark_runs(name: str, tmp_path: Path) -> None:
    arguments = SMALL.get(name, ["--quick"])
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "measured"), f"benchmarks.{name}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    measured = json.loads((tmp_path / "measured" / f"{name}.json").read_text())
    assert measured
    for one in measured:
        assert one["name"]
        assert math.isfinite(one["value"])
        assert one["ratio"] is None or math.isfinite(one["ratio"])
