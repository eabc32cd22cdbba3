"""Night after night: a day is added, training goes on from the run before, phones fetch a delta."""

import json
from pathlib import Path

import pytest

from recsys.bundle import Bundle
from recsys.core.errors import ConfigError
from tests.e2e.conftest import Recsys


@pytest.mark.long
def test_a_night(tmp_path: Path, recipe: Path, log: Path, recsys: Recsys, capsys: pytest.CaptureFixture[str]) -> None:
    header, *events = log.read_text().splitlines()
    events.sort(key=lambda line: int(line.split(",")[2]))
    days = []
    for number, rows in enumerate((events[:-40], events[-40:])):
        days.append(tmp_path / f"{number}.csv")
        days[-1].write_text("\n".join([header, *rows]) + "\n")

    def told(*arguments: str | Path) -> dict[str, object]:
        capsys.readouterr()
        assert recsys(*arguments, "--json") == 0
        return dict(json.loads(capsys.readouterr().out))

    kept = ("--set", "prepare.keep_events=true")
    first = told("run", recipe, *kept, "--set", f"data.path={days[0]}")
    night = told("prepare", recipe, *kept, "--set", f"data.path={days[1]}", "--extend", dataset_of(tmp_path, first))
    run = next(iter((tmp_path / "work" / "runs").iterdir()))
    old = Path(first["bundle"]["variants"]["int8"]["path"])  # type: ignore[index]
    short = ("--set", f"training.warm_start={run}", "--set", "training.epochs=1", "--set", f"export.since={old.parent}")
    second = told("run", recipe, *kept, "--dataset", str(night["path"]), *short)
    assert second["dataset_digest"] == night["dataset_digest"] != first["dataset_digest"]
    new = Path(second["bundle"]["variants"]["int8"]["path"])  # type: ignore[index]
    capsys.readouterr()
    from recsys.cli import main

    assert main(["bundle", "delta", str(old), str(new), "--out", str(tmp_path / "delta")]) == 0
    assert main(["bundle", "apply", str(old), str(tmp_path / "delta"), "--out", str(tmp_path / "phone")]) == 0
    assert Bundle(tmp_path / "phone").manifest == Bundle(new).manifest
    assert main(["bundle", "verify", str(tmp_path / "phone")]) == 0
    assert "golden cases" in capsys.readouterr().out
    assert main(["bundle", "delta", str(old), str(new), "--out", str(tmp_path / "delta"), "--overwrite"]) == 0
    free = told("run", recipe, *kept, "--dataset", str(night["path"]), *short[:-2])
    apart = Path(free["bundle"]["variants"]["int8"]["path"])  # type: ignore[index]
    assert Bundle(apart).manifest.run_digest == Bundle(new).manifest.run_digest
    assert Bundle(apart).manifest.model_version != Bundle(new).manifest.model_version, "export.since held no code"


def dataset_of(folder: Path, result: dict[str, object]) -> Path:
    """The directory of the dataset that a command's result names by its digest."""
    for path in (folder / "work" / "datasets").iterdir():
        if json.loads((path / "manifest.json").read_text())["dataset_digest"] == result["dataset_digest"]:
            return path
    raise AssertionError(f"no dataset {result['dataset_digest']}")


def test_a_dataset_made_otherwise_is_refused(
    tmp_path: Path, recipe: Path, recsys: Recsys, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recsys("prepare", recipe) == 0
    dataset = next(path for path in (tmp_path / "work" / "datasets").iterdir() if path.is_dir())
    assert recsys("train", recipe, "--dataset", dataset, "--set", "prepare.k_core=3") == ConfigError.exit_code
    assert "made with prepare.k_core 1, the config says 3" in capsys.readouterr().err


def test_a_search_over_preparation_and_a_prepared_dataset_exclude_each_other(
    tmp_path: Path, recipe: Path, recsys: Recsys, capsys: pytest.CaptureFixture[str]
) -> None:
    search = ("--param", "prepare.k_core=1,2", "--mixed", "--dataset", tmp_path)
    assert recsys("sweep", recipe, *search) == ConfigError.exit_code
    assert "leave one out" in capsys.readouterr().err
