"""Logs as people have them, and what is guessed of their columns."""

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from recsys.core.errors import DataError
from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER, VALUE
from recsys.log.inference.guess import guess_log


def log(users: int = 4, events: int = 6) -> list[tuple[str, str, int]]:
    """(user, item, Unix seconds) rows."""
    return [(f"u{u}", f"i{(u + e) % 5}", 1_700_000_000 + 60 * e + u) for u in range(users) for e in range(events)]


def write(path: Path, header: str, rows: list[tuple[object, ...]], delimiter: str = ",") -> Path:
    lines = [header, *(delimiter.join(map(str, row)) for row in rows)]
    text = "\n".join(lines) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def guessed(path: Path, **given: str) -> dict[str, str]:
    return {name: guess.column for name, guess in guess_log(path, given).columns.items()}


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ("user_id,item_id,timestamp", ","),
        ("visitorid;itemid;event_time", ";"),
        ("reviewerID\tasin\tunixReviewTime", "\t"),
        ("customer|sku|created_at", "|"),
        ("userId,movieId,ts", ","),
    ],
)
def test_usual_names_and_delimiters(tmp_path: Path, header: str, delimiter: str) -> None:
    path = write(tmp_path / "log.csv", header, log(), delimiter)
    guess = guess_log(path, {})
    user, item, time = header.split(delimiter)
    assert {name: g.column for name, g in guess.columns.items()} == {USER: user, ITEM: item, TIMESTAMP: time}
    assert (guess.delimiter, guess.unit) == (delimiter, "s")


@pytest.mark.parametrize("name", ["event_id", "seq", "row", "offset", "index", "line_no", "eventNumber"])
def test_an_arrival_number_is_found_by_its_name(tmp_path: Path, name: str) -> None:
    rows = [(*row, 7 * number % 24) for number, row in enumerate(log())]
    assert guessed(write(tmp_path / "a.csv", f"user,item,time,{name}", rows))[EVENT_ID] == name
    assert EVENT_ID not in guessed(write(tmp_path / "b.csv", "user,item,time,x", rows))


@pytest.mark.parametrize("name", ["n", "", "Unnamed: 0", "id"])
def test_so_is_one_that_counts_the_rows_whatever_its_name(tmp_path: Path, name: str) -> None:
    rows = [(number, *row) for number, row in enumerate(log())]
    guess = guess_log(write(tmp_path / "a.csv", f"{name},user,item,time", rows), {})
    assert {key: one.column for key, one in guess.columns.items()} == {
        USER: "user",
        ITEM: "item",
        TIMESTAMP: "time",
        EVENT_ID: name,
    }
    assert guess.columns[EVENT_ID].reason == "by its values, which count the rows: please check"
    assert guess.rejected == 0
    gap = [(number + (number > 9), *row) for number, row in enumerate(log())]
    assert EVENT_ID not in guessed(write(tmp_path / "b.csv", f"{name},user,item,time", gap))


def test_columns_without_a_name_are_told(tmp_path: Path) -> None:
    rows = [(number, number, *row) for number, row in enumerate(log())]
    guess = guess_log(write(tmp_path / "a.csv", ",,user,item,time", rows), {})
    assert "without a name (more than one column of this name)" in " ".join(guess.facts)
    with pytest.raises(DataError, match="no column looks like the user_id; it has one without a name, time; say which"):
        guess_log(write(tmp_path / "b.csv", ",time", [(number, row[2]) for number, row in enumerate(log())]), {})


def test_event_types_are_found_and_counted(tmp_path: Path) -> None:
    rows = [(*row, "buy" if number % 4 == 0 else "view") for number, row in enumerate(log())]
    guess = guess_log(write(tmp_path / "a.csv", "user,item,time,event", rows), {})
    assert guess.columns[EVENT_TYPE].column == "event"
    assert "Event types: view 75%, buy 25%." in " ".join(guess.facts)


@pytest.mark.parametrize(("values", "found"), [((3, 4.5), True), (("good", "bad"), False), ((4, 4), False)])
def test_a_value_is_a_column_of_numbers_that_differ(tmp_path: Path, values: tuple[object, object], found: bool) -> None:
    rows = [(*row, values[number % 2]) for number, row in enumerate(log())]
    guess = guess_log(write(tmp_path / "a.csv", "user,item,time,rating", rows), {})
    assert (VALUE in guess.columns) == found
    assert not found or guess.columns[VALUE].column == "rating"


@pytest.mark.parametrize(
    ("spell", "unit"),
    [
        (lambda s: s, "s"),
        (lambda s: s * 1000, "ms"),
        (lambda s: pd.Timestamp(s, unit="s").isoformat(), "iso8601"),
        (lambda s: str(pd.Timestamp(s, unit="s", tz="Europe/Vienna")), "iso8601"),
        (lambda s: s - 1_700_000_000, "s"),
    ],
)
def test_units(tmp_path: Path, spell, unit: str) -> None:  # type: ignore[no-untyped-def]
    path = write(tmp_path / "log.csv", "user,item,time", [(u, i, spell(t)) for u, i, t in log()])
    assert guess_log(path, {}).unit == unit


def test_nameless_columns_are_taken_by_their_values_and_said_so(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", "a,b,rating,c", [(u, i, 4.5, t) for u, i, t in log()])
    guess = guess_log(path, {})
    assert {name: g.column for name, g in guess.columns.items()} == {USER: "a", ITEM: "b", TIMESTAMP: "c"}
    assert "please check" in guess.columns[USER].reason
    assert "moments" in guess.columns[TIMESTAMP].reason


def test_what_is_given_is_not_guessed(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", "user,item,time,device", [(*row, row[0]) for row in log()])
    assert guessed(path, **{USER: "device"})[USER] == "device"
    with pytest.raises(DataError, match="no column 'divice'; it has user, item, time, device"):
        guess_log(path, {USER: "divice"})


@pytest.mark.parametrize("name", ["log.csv.gz", "log.jsonl", "log.parquet"])
def test_every_format(tmp_path: Path, name: str) -> None:
    path, frame = tmp_path / name, pd.DataFrame(log(), columns=["user", "item", "timestamp"])
    if name.endswith("parquet"):
        frame.to_parquet(path)
    elif name.endswith("jsonl"):
        path.write_text("".join(json.dumps(row) + "\n" for row in frame.to_dict("records")))
    else:
        write(path, "user,item,timestamp", log())
    guess = guess_log(path, {})
    assert guess.columns[TIMESTAMP].column == "timestamp"
    assert guess.unit == "s"
    assert "24 rows, 4 users, 5 items" in guess.facts[0]


def test_a_folder_is_known_by_its_first_file(tmp_path: Path) -> None:
    (tmp_path / "days").mkdir()
    write(tmp_path / "days" / "2.csv", "user,item,time", log())
    write(tmp_path / "days" / "1.csv", "uid,item,time", log())
    assert guessed(tmp_path / "days")[USER] == "uid"


def test_ties_and_gaps_are_told(tmp_path: Path) -> None:
    rows = [(u, i if t % 7 else "", 1_700_000_000) for u, i, t in log()]
    facts = " ".join(guess_log(write(tmp_path / "log.csv", "user,item,time", rows), {}).facts)
    assert "100% of the events share their user and timestamp" in facts
    assert "of the rows (4): missing item_id, such as row 4" in facts


@pytest.mark.parametrize("spell", [lambda s: s, lambda s: f"{pd.Timestamp(s, unit='s').isoformat()}+00:00"])
def test_times_that_cannot_be_read_are_counted_and_left_out_of_the_span(tmp_path: Path, spell) -> None:  # type: ignore[no-untyped-def]
    rows = [(u, i, spell(t)) for u, i, t in log()] + [("u1", "i1", "yesterday"), ("u1", "", "2099-99-99")]
    guess = guess_log(write(tmp_path / "log.csv", "user,item,time", rows), {})
    # 1 700 000 000 is 22:13:20; the last event is 5 minutes and 3 seconds later.
    assert "from 2023-11-14T22:13:20Z to 2023-11-14T22:18:23Z" in guess.facts[0]
    facts = " ".join(guess.facts)
    assert "3.85% of the rows (1): bad timestamp, such as row 26: 'u1,i1,yesterday'" in facts
    assert "3.85% of the rows (1): missing item_id, such as row 27" in facts
    assert guess.rejected == 2 / 26  # one row is wrong twice


def test_positions_are_told_as_they_stand(tmp_path: Path) -> None:
    rows = [(u, i, n) for n, (u, i, _) in enumerate(log())]
    guess = guess_log(write(tmp_path / "log.csv", "user,item,time", rows), {})
    assert "from 0 to 23." in guess.facts[0]
    assert guess.rejected == 0


def test_max_length_holds_most_histories(tmp_path: Path) -> None:
    assert guess_log(write(tmp_path / "a.csv", "user,item,time", log(4, 30)), {}).max_length == 50
    assert guess_log(write(tmp_path / "b.csv", "user,item,time", log(4, 900)), {}).max_length == 200


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("user,item,time\n", "no rows"),
        ("196,242,3,881250949\n196,243,3,881250950\n", "not a header, found '196,242,3,881250949'"),
        (
            "u1,i1,1700000000\nu1,i2,1700000001\n",
            "the first row looks like an event.*'1700000000' above more of its kind",
        ),
        ("u1\ti1\t2024-01-01 10:00\nu2\ti2\t2024-01-02 11:00\n", r"add a first line .* user_id\titem_id\t"),
        ("u1,i1,4.5,now\nu1,i2,3.0,then\n", "'4.5' above more of its kind"),
        ("u1,u1,5,5\nu2,i2,5,5\n", "the first row looks like an event"),  # alike cells, which pandas renames
        ("user,item\nu1,i1\nu1,i2\n", "no column looks like the timestamp; it has user, item; .*--timestamp COLUMN"),
        ("user,item,time\nu,i,yesterday\nu,j,today\n", "'time' holds neither numbers nor ISO 8601; found 'yesterday'"),
    ],
)
def test_logs_that_cannot_be_read_are_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "log.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        guess_log(tmp_path / "log.csv", {})


@pytest.mark.parametrize("name", ["2024", "2024-01-01"])
def test_a_number_above_words_is_a_name(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "log.csv", f"user,item,time,{name}", [(*row, "yes") for row in log()])
    assert guessed(path)[TIMESTAMP] == "time"


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes(b"\xff\xfe\x00\x01" * 50)
    with pytest.raises(DataError, match=r"log\.csv"):
        guess_log(tmp_path / "log.csv", {})
