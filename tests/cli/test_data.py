"""``recsys data`` prints results for people and for programs."""

import json
from pathlib import Path

import pytest

from recsys.cli import main


def test_synthetic_tells_the_best_possible_ranking(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "data",
        "synthetic",
        "--users",
        "9",
        "--items",
        "7",
        "--mean-length",
        "5",
        "--out",
        str(tmp_path / "s"),
    ]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert "45 events" in printed.out
    assert "best possible ndcg@10" in printed.out
    assert printed.err == ""
    assert main(arguments) == 3
    assert "already there; pass --overwrite" in capsys.readouterr().err
    assert main([*arguments, "--overwrite", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["events"] == 45
    assert told["path"] == str(tmp_path / "s" / "events.csv")
    assert 0 < told["best"]["ndcg@10"] <= 1


def test_an_unknown_name_is_bad_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "fetch", "movielens", "--work-dir", str(tmp_path)]) == 2
    assert "known: movielens-100k" in capsys.readouterr().err
