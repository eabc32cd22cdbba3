"""Each benchmark runs to its end, at a size at which its figures say nothing but that it works."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from recsys.log.synthetic.log import EVENTS_FILE, SyntheticLog

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[1]
NAMES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if "write_results(" in path.read_text())
SMALL = {
    "launcher": ["--users", "2000", "3000", "--items", "100"],
    "score": ["--users", "300", "--items", "2000"],
    "string_table": [],
    "time_to_quality": ["--quality", "0", "LOG"],
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
    assert set(SMALL) <= set(NAMES)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"results"}))
def test_a_benchmark_runs(name: str, tmp_path: Path) -> None:
    arguments = SMALL.get(name, ["--quick"])
    if "LOG" in arguments:
        SyntheticLog(users=300, items=100, mean_length=20).write(tmp_path / "log")
        arguments = [str(tmp_path / "log" / EVENTS_FILE) if one == "LOG" else one for one in arguments]
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "measured"), f"benchmarks.{name}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    measured = json.loads((tmp_path / "measured" / f"{name}.json").read_text())
    assert measured
    for one in measured:
        assert one["name"]
        assert math.isfinite(one["value"])
        assert one["ratio"] is None or math.isfinite(one["ratio"])
