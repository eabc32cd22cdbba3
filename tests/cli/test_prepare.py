"""``recsys prepare`` tells what became of every row, and where the dataset lies."""

import json
from pathlib import Path

import pytest

from recsys.cli import main


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five users of five events each, one row without an item and one event told twice."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("pipelines.description.write_report", lambda *arguments: arguments[-1].write_text("report"))
    rows = [f"u{n % 5},i{n % 3},{1_700_000_000 + n}" for n in range(25)]
    rows += [rows[-1], "u1,,1700000000"]
    Path("log.csv").write_text("\n".join(["user_id,item_id,timestamp", *rows]) + "\n")
    path = Path("log.yaml")
    path.write_text("data: {path: log.csv}\nprepare: {k_core: 1, max_rejected_share: 0.1}\n")
    return path


def test_counts_follow_the_flow_and_paths_can_be_copied(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = Path.cwd() / "a-work-directory-whose-name-is-longer-than-the-terminal-is-wide"
    assert main(["prepare", str(config), "--work-dir", str(work)]) == 0
    told = capsys.readouterr().out.splitlines()
    rows = [tuple(cell.strip() for cell in line.strip("│").split("│")) for line in told if line.startswith("│")]
    assert rows == [
        ("read", "27"),
        ("taken over", "0"),
        ("rejected: missing item id", "1"),
        ("dropped: duplicate", "1"),
        ("dropped: repeat", "0"),
        ("events", "25"),
        ("users", "5"),
        ("items", "3"),
        ("train", "15"),
        ("validation", "5"),
        ("test", "5"),
    ]
    (dataset,) = (work / "datasets").iterdir()
    assert told[-3:] == [f"dataset  {dataset}", f"report   {dataset}/report.html", f"rejects  {dataset}/rejects"]
    assert main(["prepare", str(config), "--work-dir", str(work)]) == 0
    again = capsys.readouterr()
    assert (again.out.splitlines(), "nothing changed, reused" in again.err) == (told, True)


def test_seconds_read_as_milliseconds_are_warned_of(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", str(config), "--json"]) == 0
    assert "1980" not in capsys.readouterr().err
    assert main(["prepare", str(config), "--json", "--set", "data.timestamp_unit=ms"]) == 0
    assert "all events lie before 1980, from 1970-01-20 to 1970-01-20; read in seconds" in capsys.readouterr().err


def test_programs_read_progress_counts_and_errors(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", str(config), "--json", "--progress", "json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    last = {one["step"]: (one["done"], one["total"], one["rows"]) for one in told if "step" in one}
    assert last["read"] == last["clean"] == last["write"] == (1, 1, 27)
    (counts,) = [one["counts"] for one in told if "counts" in one]
    assert (counts["read"], counts["events"], counts["rejected"]) == (27, 25, {"missing item_id": 1})
    assert any("1 rows (3.70%) were refused" in one.get("message", "") for one in told)
    Path("log.csv").unlink()
    assert main(["prepare", str(config), "--progress", "json"]) == 3
    (error,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert error["code"] == 3
    assert error["error"].startswith("log.csv: no such file")
