"""Run directories."""

from pathlib import Path

from recsys.artifacts.run import Run
from tests import facts as known


def test_files_that_a_kill_left_half_written_are_none_of_a_run_that_goes_on(tmp_path: Path) -> None:
    first = Run.create(tmp_path / "run", {}, known.RUN)
    left = first.path / ".weights.npz.tmp-1a2b3c4d"
    left.write_bytes(b"half")
    Run.create(tmp_path / "run", {}, known.RUN).finish({})
    assert not left.exists()
    assert sorted(first.manifest.files) == ["config.json"]
