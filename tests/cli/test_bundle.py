"""recsys bundle, rerank and export's size arithmetic, as a person types them."""

import argparse
import json
import shutil
from pathlib import Path

import pytest

from recsys.cli import main
from recsys.cli.common import size
from recsys.cli.export import best_within
from recsys.core.errors import RecsysError

GOLDEN = Path(__file__).parents[1] / "golden"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_inspect(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "bundle", "inspect", str(GOLDEN / "int8"))
    assert told["manifest"]["variant"] == "int8"
    sizes = [(GOLDEN / "int8" / name).stat().st_size for name in ("model.tflite", "vocabulary.bin", "manifest.json")]
    assert told["bytes"] == sum(sizes)


def damaged(tmp_path: Path) -> Path:
    path = shutil.copytree(GOLDEN / "int8", tmp_path / "int8")
    content = bytearray((path / "model.tflite").read_bytes())
    content[-1] ^= 1
    (path / "model.tflite").write_bytes(content)
    return path


def test_inspect_says_first_what_a_person_asks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shutil.copytree(GOLDEN / "int8", tmp_path / "int8")
    manifest = json.loads((path / "manifest.json").read_text())
    measured = manifest["measured"] | {"validation": {"ndcg@10": 0.65432}, "test": "nobody vouches for this"}
    (path / "manifest.json").write_text(json.dumps({**manifest, "measured": measured}))
    assert main(["bundle", "inspect", str(path)]) == 0
    rows = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert rows["variant"] == "int8"
    assert rows["files"] == "all 3 are what the manifest says"
    assert rows["ndcg@10"] == "validation 0.6543, test not measured"
    assert rows["median"].startswith(f"{measured['median_ms']:.2f} ms a ranking")
    assert "FULLY_CONNECTED" in rows["operators"]
    assert len(rows) == 10


def test_inspect_says_that_a_bundle_is_damaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = damaged(tmp_path)
    assert main(["bundle", "inspect", str(path)]) == 0
    assert f"DAMAGED: {path / 'model.tflite'}: SHA-256 is" in capsys.readouterr().out
    assert "damaged" in said(capsys, "bundle", "inspect", str(path))["damage"]
    (path / "model.tflite").unlink()
    assert "missing" in said(capsys, "bundle", "inspect", str(path))["damage"]
    assert main(["bundle", "verify", str(path)]) == 3


def test_verify_says_so_and_names_the_variants_of_a_parent(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "verify", str(GOLDEN / "int8")]) == 0
    assert capsys.readouterr().out.startswith("verified  3 files, 8 golden cases, signature not checked")
    assert main(["bundle", "verify", str(GOLDEN)]) == 3
    told = capsys.readouterr().err
    assert all(path.parent.name in told for path in GOLDEN.glob("*/manifest.json"))
    assert "no bundle itself" in told


def test_verify_replays_the_goldens(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "bundle", "verify", str(GOLDEN / "float32"))
    assert told["golden_cases"] == 8


def test_diff_names_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "bundle", "diff", str(GOLDEN / "float32"), str(GOLDEN / "int8"))["changed"]
    assert told["variant"] == {"old": "float32", "new": "int8"}
    assert "items" not in told


def test_diff_is_a_table_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "diff", str(GOLDEN / "float32"), str(GOLDEN / "int8")]) == 0
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in capsys.readouterr().out.splitlines()]
    assert ["variant", "float32", "int8"] in rows
    assert ["measured.ndcg@10", "0.642996", "0.645673"] in rows
    assert ["operators.EXP", "–", "9"] in rows
    assert ["files.model.tflite", "8b99972c", "2599813d"] in rows
    assert "path" not in {row[0] for row in rows if row}
    same = shutil.copytree(GOLDEN / "int8", tmp_path / "same")
    assert main(["bundle", "diff", str(GOLDEN / "int8"), str(same)]) == 0
    assert capsys.readouterr().out == "nothing changed\n"


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
        name: {"bytes": size, "validation": {"ndcg@10": quality}, "test": {"ndcg@10": 1 - quality}}
        for name, size, quality in (("float32", 900, 0.20), ("int8", 300, 0.19), ("pq", 100, 0.19), ("int4", 200, 0.15))
    }
    assert [best_within(variants, budget) for budget in (1000, 900, 899, 250, 100)] == [
        "float32", "float32", "pq", "pq", "pq",
    ]  # fmt: skip
    with pytest.raises(RecsysError, match=r"no variant fits 1.5 KiB; the smallest, pq, takes 2.0 KiB"):
        best_within({"pq": {**variants["pq"], "bytes": 2048}}, 1536)
