"""``kill -9`` in the middle of a step: the next run of the same command finishes properly."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.bundle import Bundle
from recsys.cli import main
from tests.e2e.conftest import half_written

pytestmark = pytest.mark.slow
SETTINGS = ["--set", "training.epochs=12", "--set", "training.patience=12", "--set", "export.variants=[float32]"]


def is_preparing(work_dir: Path) -> bool:
    return any(work_dir.glob("datasets/.*.tmp-*"))


def is_training(work_dir: Path) -> bool:
    return any(path.read_text().count("\n") >= 2 for path in work_dir.glob("runs/*/history.jsonl"))


def is_exporting(work_dir: Path) -> bool:
    return any(work_dir.glob("bundles/*/.*.tmp-*"))


def kill_when(moment: Callable[[Path], bool], recipe: Path, work_dir: Path) -> None:
    """Run the whole way in a process group of its own, and kill it all at ``moment``."""
    code = "import sys; from recsys.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "run", str(recipe), "--work-dir", str(work_dir), *SETTINGS]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not moment(work_dir):
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("moment", [is_preparing, is_training, is_exporting])
def test_the_next_run_finishes(
    moment: Callable[[Path], bool], recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work_dir = tmp_path / "work"
    kill_when(moment, recipe, work_dir)
    finished = [run for run in map(Run, (work_dir / "runs").glob("*")) if run.is_finished]
    assert len(finished) == (1 if moment is is_exporting else 0)
    trained = [entry["epoch"] for path in work_dir.glob("runs/*") for entry in Run(path).history()]

    assert main(["run", str(recipe), "--work-dir", str(work_dir), "--json", *SETTINGS]) == 0
    result = json.loads(capsys.readouterr().out)
    assert half_written(work_dir) == []
    (dataset,) = (Dataset(path).verify() for path in (work_dir / "datasets").iterdir())
    (run,) = map(Run, (work_dir / "runs").iterdir())
    run.verify()
    assert run.is_finished
    epochs = [entry["epoch"] for entry in run.history()]
    assert epochs == list(range(1, len(epochs) + 1))
    assert epochs[: len(trained)] == trained
    assert result["dataset_digest"] == dataset.digest
    assert Bundle(result["bundle"]["variants"]["float32"]["path"]).manifest.run_digest == run.digest
