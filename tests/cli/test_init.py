"""``recsys init`` writes a config that loads and says what it guessed."""

import json
from pathlib import Path

import pytest

from recsys.cli import main
from recsys.cli.init import write_config
from recsys.config import load_config, parse_config
from recsys.config.yaml_text import read_yaml


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"u{n % 7};i{n % 5};{1_700_000_000 + n};{n}\n" for n in range(70))
    (tmp_path / "clicks.csv").write_text("visitor;no;when;event id\n" + rows)
    return Path("clicks.csv")


def test_the_written_config_loads(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(log), "--item", "no"]) == 0
    assert "clicks.yaml: written" in capsys.readouterr().out
    data = load_config("clicks.yaml").data
    assert data.path == log
    assert data.columns.model_dump(exclude_none=True, include={"user", "item", "timestamp", "event_id"}) == {
        "user": "visitor",
        "item": "no",  # which YAML would read as false if it stood unquoted
        "timestamp": "when",
        "event_id": "event id",
    }
    assert (data.timestamp_unit, data.delimiter) == ("s", ";")
    text = Path("clicks.yaml").read_text()
    assert "visitor # by its name" in text
    assert "70 rows, 7 users, 5 items" in text


def test_a_bound_is_suggested_where_the_default_would_refuse_the_log(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(log), "--item", "no", "--out", "clean.yaml"]) == 0
    assert "max_rejected_share" not in Path("clean.yaml").read_text()
    with log.open("a") as lines:
        lines.write("u1;i1;yesterday;70\n" * 2)  # 2 of 72 rows: 2.78 %
    assert "prepare will reject" not in capsys.readouterr().err
    assert main(["init", str(log), "--item", "no", "--out", "torn.yaml"]) == 0
    assert "init: prepare will reject 2.78% of the rows looked at" in capsys.readouterr().err
    text = Path("torn.yaml").read_text()
    assert "2.78% of the sample's rows will be rejected; prepare stops above 1%." in text
    assert load_config("torn.yaml").prepare.max_rejected_share == 0.01
    Path("taken.yaml").write_text(text.replace("# max_rejected_share", "max_rejected_share"))
    assert load_config("taken.yaml").prepare.max_rejected_share == 0.03


def test_the_file_that_was_looked_at_is_named(log: Path) -> None:
    assert main(["init", str(log), "--item", "no"]) == 0
    assert "from the first rows of clicks.csv.\n" in Path("clicks.yaml").read_text()
    Path("days").mkdir()
    for day in (1, 2, 3):
        Path(f"days/{day}.csv").write_text(log.read_text())
    assert main(["init", "days", "--item", "no"]) == 0
    told = Path("days.yaml").read_text().splitlines()
    assert told[:2] == [
        "# Written by recsys init, from the first rows of days/1.csv alone, the first by its name of 3 in days.",
        "# 70 rows, 7 users, 5 items, from 2023-11-14T22:13:20Z to 2023-11-14T22:14:29Z.",
    ]


def test_an_existing_config_is_kept(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("clicks.yaml").write_text("mine")
    assert main(["init", str(log)]) == 2
    assert "clicks.yaml: already there" in capsys.readouterr().err
    assert Path("clicks.yaml").read_text() == "mine"
    assert main(["init", str(log), "--item", "no", "--overwrite"]) == 0


def test_a_missing_log_leaves_nothing(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "absent.csv"]) == 3
    assert "absent.csv: no such file" in capsys.readouterr().err
    assert not Path("absent.yaml").exists()


def test_without_a_log_it_says_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 2
    assert "recsys init events.csv" in capsys.readouterr().err


def test_reference(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--reference"]) == 0
    assert "max_length: 200" in capsys.readouterr().out


def test_no_value_of_a_log_reaches_the_config_beyond_its_comment(log: Path) -> None:
    kinds = ["view\ntracking: {uri: evil}", "buy\u2028x: 1"]
    names = ("user_id", "item\nid", "time", "action")
    values = [(f"u{n % 3}", f"i{n % 4}", 1_700_000_000 + n, kinds[n % 2]) for n in range(20)]
    rows = [dict(zip(names, row, strict=True)) for row in values]
    Path("odd.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["init", "odd.jsonl", "--item", "item\nid"]) == 0
    config = load_config("odd.yaml")
    assert config.data.columns.item == "item\nid"
    assert config.data.columns.event_type == "action"
    assert config.tracking.uri is None
    assert "# Event types: view tracking: {uri: evil} 50%" in Path("odd.yaml").read_text()


def test_folders_that_name_a_column_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for day in (8, 9):
        folder = tmp_path / "logs" / f"day=2026-11-0{day}"
        folder.mkdir(parents=True)
        (folder / "part.csv").write_text("user_id,item_id\n" + "".join(f"u{n % 7},i{n % 5}\n" for n in range(70)))
    assert main(["init", "logs", "--timestamp", "day"]) == 0
    data = load_config("logs.yaml").data
    assert (data.columns.timestamp, data.timestamp_unit) == ("day", "iso8601")


def test_a_table_of_items_is_looked_at(log: Path) -> None:
    rows = "".join(f"i{n},Item {n} of a shop,{['red', 'blue'][n % 2]}|old,x\n" for n in range(4))
    Path("items.csv").write_text("code,title,tags,shop\n" + rows)
    assert main(["init", str(log), "--item", "no", "--items", "items.csv"]) == 0
    items = load_config("clicks.yaml").data.items
    assert items is not None
    assert (items.path, items.item, items.title) == (Path("items.csv"), "code", "title")
    assert {name: one.kind for name, one in items.features.items()} == {"tags": "category", "title": "text"}
    text = Path("clicks.yaml").read_text()
    assert "# items.csv: 4 rows; 1 of 5 items of the log's first rows are not in it, such as 'i4'." in text
    assert "# items.csv: shop is left out: all items have 'x'." in text


def test_the_types_of_events_are_there_to_be_taken_in(tmp_path: Path) -> None:
    kinds = ["view"] * 4 + ["no"] * 3 + ["add: cart #1"] * 2 + ["it's"]
    rows = [f"u{n % 7},i{n % 5},{1_600_000_000 + n},{kinds[n % 10]}" for n in range(200)]
    log = tmp_path / "events.csv"
    log.write_text("\n".join(["user_id,item_id,timestamp,event_type", *rows]) + "\n")
    lines = write_config(log, {}).splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("  # event_types:"))
    lines[first : first + 5] = [line.replace("# ", "", 1) for line in lines[first : first + 5]]
    found = parse_config(read_yaml("\n".join(lines)), "taken in").data.event_types
    assert {name: kind.weight for name, kind in found.items()} == dict.fromkeys(dict.fromkeys(kinds), 1.0)
