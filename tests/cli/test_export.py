"""What ``recsys export`` refuses before it loads anything heavy."""

from pathlib import Path

import pytest

from recsys.artifacts.run import Run
from recsys.cli import main
from recsys.cli.export import _show
from tests import facts


def test_a_directory_without_a_run_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path / "nowhere")]) == 3
    assert "missing; no run is here" in capsys.readouterr().err


def test_the_run_is_named_whose_digest_begins_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run.create(tmp_path / "runs" / "0a1b2c3d4e", {}, facts.RUN)
    assert main(["export", str(tmp_path / "runs" / "0a1b")]) == 3
    assert f"no run is here; is {run.path} meant?" in capsys.readouterr().err


def test_a_finished_run_cannot_be_set_otherwise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run.create(tmp_path / "run", {}, facts.RUN)
    assert main(["export", str(run.path), "--set", "model.blocks=1"]) == 2
    assert "only export and tracking can be set" in capsys.readouterr().err


def test_where_the_bundles_lie_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    quality = {"ndcg@10": 0.1}
    facts = {"path": "work/bundles/0a1b/int8", "bytes": 2048, "median_ms": 1.0, "validation": quality, "test": quality}
    _show({"int8": facts}, None)
    assert capsys.readouterr().out.rstrip().endswith("bundles  work/bundles/0a1b")
