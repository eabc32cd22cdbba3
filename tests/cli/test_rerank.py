"""What `recsys rerank` takes: ids of any look, and requests as JSON."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from recsys.bundle import write_strings
from recsys.cli import main
from recsys.core.digests import sha256_file

GOLDEN = Path(__file__).parents[1] / "golden" / "int8"
DASHED = ["-JfEJq5", "--abc", "-1", "-h=", "-", "-hello"]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The golden bundle, but that some items are called as options are, and only views count."""
    path = Path(shutil.copytree(GOLDEN, tmp_path / "bundle"))
    (path / "golden.json").unlink()
    write_strings(path / "vocabulary.bin", [*DASHED, *(str(n) for n in range(80 - len(DASHED)))])
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["files"]["vocabulary.bin"] = sha256_file(path / "vocabulary.bin")
    manifest["cleaning"]["event_types"] = ["view"]
    (path / "manifest.json").write_text(json.dumps(manifest))
    return path


def ranked(capsys: pytest.CaptureFixture[str], *argv: str) -> list[dict[str, Any]]:
    assert main(["rerank", *argv, "--json"]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["ranked"]
    return rows


def test_ids_that_look_like_options(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ranked(capsys, str(bundle), "--history", *DASHED, "3", "--candidates", "4", *DASHED, "5", "--top", "9")
    assert {row["item"] for row in rows} == {"4", *DASHED, "5"}
    assert all(row["score"] is not None for row in rows)
    history = [{"item": item, "timestamp": time} for time, item in enumerate([*DASHED, "3"])]
    request = bundle.parent / "request.json"
    request.write_text(json.dumps({"history": history, "candidates": ["4", *DASHED, "5"]}))
    assert ranked(capsys, str(bundle), "--request", str(request)) == rows


def test_options_stay_options_after_ids(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ranked(capsys, str(bundle), "--history", "-JfEJq5", "--cand=--abc", "--threads=1")
    assert [row["item"] for row in rows] == ["--abc"]
    assert len(ranked(capsys, "--history=-JfEJq5", "--top", "2", str(bundle))) == 2
    rows = ranked(capsys, str(bundle), "--history", "-JfEJq5", "--cand", "--abc", "-1", "--to", "1")
    assert len(rows) == 1


@pytest.mark.parametrize("typo", ["--candidats", "--histroy", "--theads", "--reqest=x"])
def test_a_misspelt_option_is_no_id(bundle: Path, capsys: pytest.CaptureFixture[str], typo: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["rerank", str(bundle), "--history", "3", typo, "4"])
    assert f"{typo}: is --" in (told := capsys.readouterr().err)
    assert "--request" in told


def scores(capsys: pytest.CaptureFixture[str], bundle: Path, history: list[dict[str, Any]]) -> dict[str, float]:
    request = bundle.parent / "request.json"
    request.write_text(json.dumps({"history": history, "candidates": ["1", "2", "3"]}))
    return {row["item"]: row["score"] for row in ranked(capsys, str(bundle), "--request", str(request))}


def test_a_requests_event_types_count(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = {"item": "5", "timestamp": 1, "event_type": "view"}
    bought = {"item": "7", "timestamp": 2, "event_type": "buy"}
    untyped = {"item": "7", "timestamp": 2}
    alone = scores(capsys, bundle, [seen])
    assert scores(capsys, bundle, [seen, bought]) == alone
    assert scores(capsys, bundle, [seen, untyped]) != alone
    assert scores(capsys, bundle, [seen, {**untyped, "event_type": "view"}]) == scores(capsys, bundle, [seen, untyped])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 20_000, "not JSON"),
        ('{"history": [' + "[" * 100 + "]" * 100 + "]}", "nested deeper"),
        ('{"history": [{"item": "1", "timestamp": 1' + "0" * 5000 + "}]}", "not JSON"),
        (
            '{"history": [{"item": "1", "timestamp": 1' + "0" * 400 + "}]}",
            r"history\[0\]: timestamp is a 64-bit integer",
        ),
        (
            '{"history": [{"item": "1", "timestamp": 1, "event_typ": "view"}]}',
            r"history\[0\]: .*unknown \['event_typ'\]",
        ),
        ('{"history": [{"item": "1", "timestamp": 1, "event_type": 4}]}', r"history\[0\]: event_type is text"),
        ('{"history": [], "candidate": []}', "an object with these keys"),
        ('{"history": [], "candidates": "12"}', "candidates must be a list"),
        ('{"candidates": ["12"]}', "an object with these keys"),
        ('{"history": null}', "history must be a list"),
        ("\ufeff{}", "not JSON"),
        ("null", "an object with these keys"),
    ],
)
def test_requests_that_are_none(bundle: Path, capsys: pytest.CaptureFixture[str], text: str, reason: str) -> None:
    request = bundle.parent / "request.json"
    request.write_text(text)
    assert main(["rerank", str(bundle), "--request", str(request)]) == 3
    told = capsys.readouterr().err
    assert re.search(f"request.json: expected .*{reason}", told)


def test_candidates_of_a_request(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = bundle.parent / "request.json"
    for candidates, expected in (([], []), (["3", "3", "x"], ["3", "3", "x"])):
        request.write_text(json.dumps({"history": [], "candidates": candidates}))
        assert [row["item"] for row in ranked(capsys, str(bundle), "--request", str(request))] == expected
    request.write_text('{"history": [], "candidates": []}')
    assert main(["rerank", str(bundle), "--request", str(request)]) == 0
    assert "no candidates to order" in capsys.readouterr().out
    request.write_text('{"history": [{"item": "3", "timestamp": 99999999999999}], "candidates": null}')
    assert len(ranked(capsys, str(bundle), "--request", str(request))) == 79
    request.write_text('{"history": [], "candidates": [3]}')
    assert main(["rerank", str(bundle), "--request", str(request)]) == 3
    assert "candidates[0]: an item id is text, found int 3" in capsys.readouterr().err


def test_a_request_and_a_history_contradict_each_other(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rerank", str(bundle), "--request", "request.json", "--history", "3"]) == 2
    assert "--request holds history and candidates" in capsys.readouterr().err
