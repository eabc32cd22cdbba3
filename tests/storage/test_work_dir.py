"""The whole way with everything in a store: prepare, train, export and rerank, on machines that share nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from recsys.api.opening import load
from recsys.artifacts.run import Run
from recsys.cli import main
from recsys.core.publishing import ASIDE
from recsys.log.synthetic.log import SyntheticLog
from tests.e2e.conftest import write_recipe
from tests.storage.conftest import Machine, stored

WORK = "memory://bucket/our work"


def call(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    """One command's ``--json``."""
    code = main([*map(str, arguments), "--json"])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    found: dict[str, Any] = json.loads(printed.out)
    return found


@pytest.mark.long
def test_each_command_on_a_machine_of_its_own(
    tmp_path: Path, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    SyntheticLog(users=60, items=20, mean_length=10, length_sigma=0.3, branching=4).write(log)
    recipe = write_recipe(tmp_path, log / "events.csv")
    work = ("--work-dir", WORK)

    prepared = call(capsys, "prepare", recipe, *work)
    assert str(prepared["path"]).startswith(f"{WORK}/datasets/")
    machine("second")
    trained = call(capsys, "train", recipe, *work)
    (run,) = trained["runs"]
    assert run.startswith(f"{WORK}/runs/")
    machine("third")
    evaluated = call(capsys, "evaluate", run)
    assert evaluated["model"] == trained["model"]
    opened = load(run)
    assert isinstance(opened, Run)
    assert opened.config["data"]["path"] == str(log / "events.csv")
    assert opened.manifest.dataset_path == prepared["path"]
    machine("fourth")
    exported = call(capsys, "export", run, "--set", "export.variants=[float32]", *work)
    bundle = exported["variants"]["float32"]["path"]
    machine("fifth")
    ranked = call(capsys, "rerank", bundle, "--top", "3")
    assert len(ranked["ranked"]) == 3
    scored = call(capsys, "score", run, prepared["path"], "--k", "3", *work)
    machine("sixth")
    assert call(capsys, "score", run, prepared["path"], "--k", "3", *work)["reused"]
    assert call(capsys, "prepare", recipe, *work) == {**prepared, "reused": True}

    held = stored(WORK)
    for path in (prepared["path"], run, bundle, scored["path"]):
        assert f"{str(path).removeprefix(WORK + '/')}/manifest.json" in held
    assert not [name for name in held if ASIDE in name or name.endswith(".copy")]
    caches = {path.name for path in tmp_path.iterdir()}
    assert {"first", "sixth"} <= caches
    assert not Path("memory:").exists()  # as a path of that name would be
