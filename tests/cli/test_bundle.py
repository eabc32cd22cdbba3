"""recsys bundle, rerank and export's size arithmetic, as a person types them."""

import argparse
import json
from pathlib import Path

import pytest

from recsys.cli import main
from recsys.cli.common import size
from recsys.cli.export import best_within
from recsys.errors import RecsysError

GOLDEN = Path(__file__).parents[1] / "golden"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_inspect(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "bundle", "inspect", str(GOLDEN / "int8"))
    assert told["variant"] == "int8"
    sizes = [(GOLDEN / "int8" / name).stat().st_size for name in ("model.tflite", "vocabulary.bin", "manifest.json")]
    assert told["bytes"] == sum(sizes)


def test_verify_replays_the_goldens(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "bundle", "verify", str(GOLDEN / "float32"))
    assert told["golden_cases"] == 8


def test_diff_names_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "bundle", "diff", str(GOLDEN / "float32"), str(GOLDEN / "int8"))
    assert told["variant"] == {"old": "float32", "new": "int8"}
    assert "items" not in told


def test_rerank_from_a_request_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = json.loads((GOLDEN / "int8" / "golden.json").read_text())[0]
    (tmp_path / "request.json").write_text(json.dumps({key: case[key] for key in ("history", "candidates")}))
    told = said(capsys, "rerank", str(GOLDEN / "int8"), "--request", str(tmp_path / "request.json"))
    assert [row["item"] for row in told["ranked"]] == [case["candidates"][i] for i in case["order"]]


@pytest.mark.parametrize("text", ["", "[]", '{"history": 3}', '{"history": [{"item": "1"}]}'])
def test_request_files_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (tmp_path / "request.json").write_text(text)
    assert main(["rerank", str(GOLDEN / "int8"), "--request", str(tmp_path / "request.json")]) == 3
    assert "request.json: expected" in capsys.readouterr().err


def test_rerank_without_candidates_leaves_the_history_out(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "rerank", str(GOLDEN / "int8"), "--history", "5", "7")
    items = [row["item"] for row in told["ranked"]]
    assert len(items) == 78
    assert not {"5", "7"} & set(items)


def test_no_bundle_is_bad_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rerank", str(tmp_path), "--candidates", "1"]) == 3
    assert "no bundle here" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "expected"), [("300KiB", 307_200), ("1.5MB", 1_500_000), ("42", 42), ("2 kb", 2000)])
def test_sizes(text: str, expected: int) -> None:
    assert size(text) == expected


def test_what_is_no_size() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no size"):
        size("big")


def test_a_budget_takes_the_best_that_fits() -> None:
    variants = {
        "float32": {"bytes": 900, "ndcg@10": 0.20},
        "int8": {"bytes": 300, "ndcg@10": 0.19},
        "pq": {"bytes": 100, "ndcg@10": 0.19},
        "int4": {"bytes": 200, "ndcg@10": 0.15},
    }
    assert [best_within(variants, budget) for budget in (1000, 900, 899, 250, 100)] == [
        "float32", "float32", "pq", "pq", "pq",
    ]  # fmt: skip
    with pytest.raises(RecsysError, match=r"no variant fits 1.5 KiB; the smallest, pq, takes 2.0 KiB"):
        best_within({"pq": {"bytes": 2048, "ndcg@10": 0.19}}, 1536)
