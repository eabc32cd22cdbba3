"""Logs as people have them, a family a table: what init sees and prepare reads is the same, or refused by name."""

import bz2
import codecs
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from recsys.core.errors import DataError
from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER
from recsys.log.inference.guess import guess_log
from tests.log.conftest import ReadLog

Read = Callable[..., ReadLog]
HEADER = "user_id,item_id,timestamp"
ROWS = [f"u{n % 3},i{n % 4},{1_700_000_000 + n}" for n in range(8)]
EVENTS = [(f"u{n % 3}", f"i{n % 4}", 1000 * (1_700_000_000 + n)) for n in range(8)]
CSV = "\n".join([HEADER, *ROWS]) + "\n"
OBJECTS = [dict(zip(HEADER.split(","), row.split(","), strict=True)) for row in ROWS]
JSONL = "".join(json.dumps(one) + "\n" for one in OBJECTS)


def as_guessed(path: Path) -> dict[str, Any]:
    """The section data that init proposes."""
    guess = guess_log(path, {})
    keys = {"user": USER, "item": ITEM, "timestamp": TIMESTAMP, "event_id": EVENT_ID, "event_type": EVENT_TYPE}
    columns = {key: guess.columns[name].column for key, name in keys.items() if name in guess.columns}
    delimiter = guess.delimiter if guess.format == "csv" else None
    return {"columns": columns, "timestamp_unit": guess.unit, "delimiter": delimiter}


def zstd(text: str) -> bytes:
    return bytes(pa.Codec("zstd").compress(text.encode(), asbytes=True))


def quoted(text: str) -> str:
    return "".join(",".join(f'"{field}"' for field in line.split(",")) + "\n" for line in text.splitlines())


def timed(*times: str) -> str:
    return "\n".join([HEADER, *(f"u{n},i{n},{time}" for n, time in enumerate(times))]) + "\n"


SAME = {  # name: (file, bytes): the eight events, from any of these
    "line feeds": ("log.csv", CSV),
    "Windows": ("log.csv", CSV.replace("\n", "\r\n")),
    "old Mac": ("log.csv", CSV.replace("\n", "\r")),
    "no line end at the end": ("log.csv", CSV.rstrip("\n")),
    "old Mac, no line end at the end": ("log.csv", CSV.rstrip("\n").replace("\n", "\r")),
    "text mode twice": ("log.csv", CSV.replace("\n", "\r\r\n")),
    "header from Windows": ("log.csv", CSV.replace("\n", "\r\n", 1)),
    "JSON from Windows": ("log.jsonl", JSONL.replace("\n", "\r\n")),
    "JSON from an old Mac": ("log.jsonl", JSONL.replace("\n", "\r")),
    "JSON with blank lines": ("log.jsonl", "\n" + JSONL.replace("\n", "\n \t\n")),
    "JSON Lines called .json": ("log.json", JSONL),
    "ndjson": ("log.ndjson", JSONL),
    "blank lines": ("log.csv", CSV.replace("\n", "\n\n")),
    "blank lines before the header": ("log.csv", "\n \n" + CSV),
    "byte order mark": ("log.csv", codecs.BOM_UTF8 + CSV.encode()),
    "byte order mark, all quoted": ("log.csv", codecs.BOM_UTF8 + quoted(CSV).encode()),
    "two byte order marks": ("log.csv", 2 * codecs.BOM_UTF8 + CSV.encode()),
    "JSON with a byte order mark": ("log.jsonl", codecs.BOM_UTF8 + JSONL.encode()),
    "tabs": ("log.tsv", CSV.replace(",", "\t")),
    "tabs, upper case": ("LOG.TAB", CSV.replace(",", "\t")),
    "semicolons": ("log.csv", CSV.replace(",", ";")),
    "bars": ("log.csv", CSV.replace(",", "|")),
    "gzip": ("log.csv.gz", gzip.compress(CSV.encode())),
    "gzip, upper case": ("LOG.CSV.GZ", gzip.compress(CSV.encode())),
    "gzip in two members": ("log.csv.gz", gzip.compress(CSV[:60].encode()) + gzip.compress(CSV[60:].encode())),
    "bzip2": ("log.jsonl.bz2", bz2.compress(JSONL.encode())),
    "zstd": ("log.tsv.zst", zstd(CSV.replace(",", "\t"))),
    "zstd in two frames": ("log.csv.zst", zstd(CSV[:60]) + zstd(CSV[60:])),
    "all quoted": ("log.csv", quoted(CSV)),
    "an index of pandas": ("log.csv", "".join(f"{n - 1 if n else ''},{row}\n" for n, row in enumerate(CSV.split()))),
    "a delimiter behind each line": ("log.csv", CSV.replace("\n", ",\n")),
    "a delimiter behind each row": ("log.csv", CSV.replace("\n", ",\n").replace(",\n", "\n", 1)),
    "a delimiter behind the header": ("log.csv", CSV.replace("\n", ",\n", 1)),
    "nested values beside": ("log.jsonl", JSONL.replace("{", '{"device": {"os": {"x": [1]}}, "tags": [], ')),
    "a field of 200,000 characters": ("log.csv", CSV.replace("\n", f',"{"x" * 200_000}"\n')),
}  # fmt: skip


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("family", SAME)
def test_the_same_events_from_every_spelling(tmp_path: Path, read_log: Read, family: str) -> None:
    path = written(tmp_path, *SAME[family])
    guess = guess_log(path, {})
    assert guess.rejected == 0
    assert read_log(path, **as_guessed(path)) == (EVENTS, [])


REFUSED = {  # name: (file, bytes, what is told)
    "UTF-16": ("log.csv", CSV.encode("utf-16"), "looks like UTF-16, .* iconv -f UTF-16 -t UTF-8"),
    "UTF-16 without a mark": ("log.jsonl", JSONL.encode("utf-16-le"), "looks like UTF-16"),
    "UTF-16, big end first": ("log.csv", CSV.encode("utf-16-be"), "looks like UTF-16"),
    "UTF-32": ("log.csv", CSV.encode("utf-32"), "iconv -f UTF-32 -t UTF-8"),
    "a header in Latin-1": ("log.csv", CSV.replace("u", "ü").encode("latin-1"), r"line 1 .* UTF-8.*WINDOWS-1252"),
    "a header with an open quote": ("log.csv", '"' + CSV, "line 1 holds the column names, a quote is not closed"),
    "JSON in one array": ("log.json", json.dumps(OBJECTS), r"looks like one array, .* jq -c '\.\[\]'"),
    "JSON in one array over lines": ("log.json", json.dumps(OBJECTS, indent=2), "looks like one array"),
    "JSON in one array behind a blank": ("log.json", " [ " + json.dumps(OBJECTS[0]), "looks like one array"),
    "an object over lines": ("log.json", json.dumps(OBJECTS[0], indent=2), "an object over several lines.* jq -c"),
    "gzip by another name": ("log.csv", gzip.compress(CSV.encode()), "is no text, .* which is gzip: give it"),
    "Parquet by another name": ("log.csv", b"PAR1" + bytes(40), "which is Parquet"),
    "a spreadsheet by another name": ("log.csv", b"PK\x03\x04" + bytes(40), "which is a ZIP archive or a spreadsheet"),
    "text called gzip": ("log.csv.gz", CSV, "the gzip stream is damaged or cut short"),
    "a gzip cut short": ("log.csv.gz", gzip.compress(CSV.encode())[:-9], "the gzip stream is damaged or cut short"),
    "a bzip2 cut short": ("log.csv.bz2", bz2.compress(CSV.encode())[:-9], "the bzip2 stream is damaged or cut short"),
    "a spreadsheet": ("log.xlsx", b"PK", "a log is read by its ending, .* found '.xlsx'; rename it, or convert it"),
}  # fmt: skip


@pytest.mark.parametrize("family", REFUSED)
def test_what_is_not_read_is_called_by_its_name(tmp_path: Path, read_log: Read, family: str) -> None:
    name, content, told = REFUSED[family]
    path = written(tmp_path, name, content)
    for look in (lambda: guess_log(path, {}), lambda: read_log(path)):
        with pytest.raises(DataError, match=told) as refused:
            look()
        assert str(path) in str(refused.value)


NESTED = '{"user_id": {"id": "u"}, "item_id": "i", "timestamp": 1}\n'
TWICE = CSV.replace("\n", ",x\n").replace(",x\n", ",item_id\n", 1)
UNGUESSED = {  # name: (file, text, what init tells, what prepare tells or the reason of each row)
    "a comment before the header": ("log.csv", "# made today\n" + CSV, "'# made today'.* line 2: 'user_id", "user_id"),
    "row names of R": ("log.csv", CSV.replace("\nu", "\n1,u"), "names 3 columns.* line 2: '1,u0", "malformed row"),
    "a column twice": (
        "log.csv",
        TWICE,
        r"item_id \(more than one",
        "'item_id' is found twice, as columns 2 and 4 of 4",
    ),
    "two characters between": ("log.csv", CSV.replace(",", "::"), "it has user_id::item_id::timestamp", "missing"),
    "objects for values": (
        "log.jsonl",
        '{"data": [{"user_id": 1}]}\n',
        r"plain value a row: data \(list",
        "missing user_id",
    ),
    "a nested user": (
        "log.jsonl",
        NESTED,
        r"item_id, timestamp, user_id \(object\); .* --user COLUMN",
        "missing user_id",
    ),
    "day first": (
        "log.csv",
        timed("05.03.2024", "06.03.2024 9:00"),
        "written day.month.year: write 2",
        "bad timestamp",
    ),
    "either order": (
        "log.csv",
        timed("03/05/2024 10:00", "4/5/24"),
        "day/month/year or month/day/year",
        "bad timestamp",
    ),
    "either order, dashes": ("log.csv", timed("03-05-2024"), "which nobody can tell apart", "bad timestamp"),
    "web server": ("log.csv", timed("05/Mar/2024:10:00:00 +0000"), "the name of its month", "bad timestamp"),
    "mail": ("log.csv", quoted(timed("Tue; 05 Mar 2024 10:00:00 GMT")), "the name of its month", "bad timestamp"),
    "C": ("log.csv", timed("Tue Mar  5 10:00:00 2024"), "the name of its month", "bad timestamp"),
    "12-hour clock": ("log.csv", timed("2024-03-05 10:00:00 PM"), "a 12-hour clock", "bad timestamp"),
    "zone": ("log.csv", timed("2024-03-05 10:00:00 CET"), "the name of its zone", "bad timestamp"),
    "Java's zone": ("log.csv", timed("2024-03-05T10:00+01:00[Europe/Paris]"), "the name of its zone", "bad timestamp"),
    "other spellings": (
        "log.csv",
        timed("2024-W10", "2024-W11"),
        "found '2024-W10': write 2024-03-05",
        "bad timestamp",
    ),
}


@pytest.mark.parametrize("family", UNGUESSED)
def test_what_init_cannot_guess_prepare_does_not_read_in_silence(tmp_path: Path, read_log: Read, family: str) -> None:
    name, content, told, fate = UNGUESSED[family]
    path = written(tmp_path, name, content)
    with pytest.raises(DataError, match=told):
        guess_log(path, {})
    unit = "iso8601" if fate == "bad timestamp" else "s"
    if fate in ("bad timestamp", "malformed row", "missing user_id"):
        events, rejects = read_log(path, timestamp_unit=unit)
        assert events == []
        assert {reason for _, reason in rejects} == {fate}
    else:
        with pytest.raises(DataError, match=fate):
            read_log(path)


def test_days_as_excel_counts_them_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "log.csv", f"{HEADER}\nu,i,45356.4167\nu,j,45357.5\n")
    with pytest.raises(DataError, match=r"looks like days as Excel counts them, found 45356\.4167: write"):
        guess_log(path, {})


@pytest.mark.parametrize("spelling", ["NULL", "null", "None", "NA", "n/a", "<NA>", "#N/A", "NaN", "NaT", "undefined"])
def test_nothing_is_missing_however_it_is_written(tmp_path: Path, read_log: Read, spelling: str) -> None:
    path = written(tmp_path, "log.csv", CSV.replace("u2", spelling))
    assert guess_log(path, {}).rejected == 2 / 8
    assert read_log(path) == (
        [one for one in EVENTS if one[0] != "u2"],
        [(4, "missing user_id"), (7, "missing user_id")],
    )


def test_rows_that_are_torn_or_in_latin_1_are_refused_by_their_lines(tmp_path: Path, read_log: Read) -> None:
    lines = [line.encode() for line in CSV.splitlines()]
    lines[3:3] = [b"us\xe9r,i1,1700000000", b"u1,i1", b'u1,"i1,1700000000', b"u1,i1,1700000000,more", b"\0\0\0"]
    path = written(tmp_path, "log.csv", b"\n".join(lines))
    reasons = ["bad user_id", *["malformed row"] * 4]
    found = read_log(path)
    assert (found.events, sorted(found.rejects)) == (EVENTS, list(zip(range(4, 9), reasons, strict=True)))
    assert guess_log(path, {}).rejected == 5 / 13


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_whole_wherever_a_block_ends(
    tmp_path: Path, read_log: Read, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    rows = [f'"u{n % 3}","say \\"hi, {n}\\"",{n}' if n % 2 else f'u{n % 3},"a ""{n}""",{n}' for n in range(60)]
    path = written(tmp_path, "log.csv", end.join([HEADER, *rows]) + end)
    whole = read_log(path)
    assert whole.rejects == []
    assert [item for _, item, _ in whole.events] == [f'say "hi, {n}"' if n % 2 else f'a "{n}"' for n in range(60)]
    monkeypatch.setattr("recsys.log.unpacking.PIECE", 101)
    for size in (64, 97, 128, 1001):
        monkeypatch.setattr("recsys.log.block_plan.BLOCK_BYTES", size)
        assert read_log(path) == whole


FOLDER = {
    "a.csv": CSV, "b.csv": "", "c.csv": HEADER + "\n", "d.csv": "\n".join(["timestamp,item_id,user_id", "1,i,u"]),
    "_SUCCESS": "", ".a.csv.crc": "x", "._a.csv": "x", "a.csv~": CSV, "b.csv.tmp": CSV, ".ipynb_checkpoints/a.csv": CSV,
}  # fmt: skip


@pytest.mark.parametrize("pattern", ["", "*", "*.csv", "**/*.csv", "**/*"])
def test_what_is_set_aside_in_a_folder_is_no_part_of_it(tmp_path: Path, read_log: Read, pattern: str) -> None:
    for name, content in FOLDER.items():
        (tmp_path / "log" / name).parent.mkdir(parents=True, exist_ok=True)
        written(tmp_path / "log", name, content)
    assert read_log(tmp_path / "log" / pattern) == ([*EVENTS, ("u", "i", 1000)], [])


TABLES = [("_delta_log/0.json", "Delta"), ("metadata/0.metadata.json", "Iceberg"), (".hoodie/x", "Hudi")]


@pytest.mark.parametrize(("mark", "kind"), TABLES)
@pytest.mark.parametrize("path", ["", "*.parquet", "**/*.parquet", "day=1", "day=1/p.parquet"])
def test_tables_that_keep_deleted_rows_are_refused(
    tmp_path: Path, read_log: Read, mark: str, kind: str, path: str
) -> None:
    for name in (mark, "p.parquet", "day=1/p.parquet"):
        (tmp_path / "t" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "t" / name).touch()
    for look in (lambda: guess_log(tmp_path / "t" / path, {}), lambda: read_log(tmp_path / "t" / path)):
        with pytest.raises(DataError, match=f"is a table of {kind}, .* write its present rows as plain Parquet"):
            look()


def test_a_stranger_in_a_folder_is_named_with_the_glob_that_leaves_it_out(tmp_path: Path, read_log: Read) -> None:
    written(tmp_path, "a.csv.gz", gzip.compress(CSV.encode()))
    written(tmp_path, "README.md", "read me")
    with pytest.raises(DataError, match=r"README\.md: is no log by its ending, as a\.csv\.gz is; .*\*\.csv\.gz"):
        read_log(tmp_path)
