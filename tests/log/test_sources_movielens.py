"""One data set in its several layouts gives the same bytes."""

import zipfile
from pathlib import Path

import pytest

from recsys.core.errors import DataError
from recsys.log.sources.movielens import LAYOUTS, normalize, split_year

EVENTS = [("196", "242", "3", "881250949"), ("7", "1412", "4", "881250949"), ("22", "267", "1", "878887116")]
FLAGGED = (
    "1|Toy Story (1995)|01-Jan-1995||http://x/M/title-exact?Toy%20Story%20(1995)"
    "|0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0\n"
    "267|unknown||||1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0\n"
    "543|Misérables, Les (1995)|01-Jan-1995|||0|0|0|0|0|0|0|0|1|0|0|0|1|0|0|0|0|0|0\n"
    "1412|Land Before Time III: The Time of the Great Giving (1995) (V)|01-Jan-1995|"
    "||0|0|0|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0|0\n"
    "1635|Two Friends (1986) |26-Apr-1986|||0|0|0|0|0|0|0|0|1|0|0|0|0|0|0|0|0|0|0\n"
)
ATOMIC = (
    "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    "1\tToy Story\t1995\tAnimation Children's Comedy\n"
    "267\tunkonwn\tunkonwn\tunknown\n"
    "543\tMisérables, Les\t1995\tDrama Musical\n"
    "1412\tLand Before Time III: The Time of the Great Giving (1995)\tV\tAnimation Children's\n"
    "1635\tTwo Friends\t1986\tDrama\n"
)
COLONS = (
    "1::Toy Story (1995)::Animation|Children's|Comedy\n"
    "267::unknown::unknown\n"
    "543::Misérables, Les (1995)::Musical|Drama\n"
    "1412::Land Before Time III: The Time of the Great Giving (1995) (V)::Animation|Children's\n"
    "1635::Two Friends (1986)::Drama\n"
)
COMMAS = (
    "movieId,title,genres\n"
    "1,Toy Story (1995),Animation|Children's|Comedy\n"
    "267,unknown,unknown\n"
    '543,"Misérables, Les (1995)",Drama|Musical\n'
    "1412,Land Before Time III: The Time of the Great Giving (1995) (V),Animation|Children's\n"
    "1635,Two Friends (1986),Drama\n"
)
EXPECTED_EVENTS = (
    "user_id,item_id,timestamp,event_id,rating\n196,242,881250949,1,3\n7,1412,881250949,2,4\n22,267,878887116,3,1\n"
)
EXPECTED_ITEMS = (
    "item_id,title,year,genres\n"
    "1,Toy Story,1995,Animation|Children's|Comedy\n"
    "267,unknown,,unknown\n"
    '543,"Misérables, Les",1995,Drama|Musical\n'
    "1412,Land Before Time III: The Time of the Great Giving (V),1995,Animation|Children's\n"
    "1635,Two Friends,1986,Drama\n"
)


def pack(directory: Path, layout: str, items: str, events_header: str = "") -> Path:
    inside = LAYOUTS[layout]
    archive = directory / f"{layout}.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(inside.events, events_header + "".join(inside.delimiter.join(event) + "\n" for event in EVENTS))
        opened.writestr(inside.items, items.encode(inside.encoding))
        opened.writestr("../../outside.txt", "a path that an unpacker must not follow")
    return archive


@pytest.mark.parametrize(
    ("layout", "items", "header"),
    [
        ("ml-100k", FLAGGED, ""),
        ("recbole-ml-100k", ATOMIC, "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"),
        ("ml-1m", COLONS, ""),
        ("ml-20m", COMMAS, "userId,movieId,rating,timestamp\n"),
    ],
)
def test_every_layout_gives_the_same_bytes(tmp_path: Path, layout: str, items: str, header: str) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    normalize(layout, pack(tmp_path, layout, items, header), inner / "events.csv", inner / "items.csv")
    assert (inner / "events.csv").read_bytes() == EXPECTED_EVENTS.encode()
    assert (inner / "items.csv").read_bytes() == EXPECTED_ITEMS.encode()
    assert not (tmp_path / "outside.txt").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Toy Story (1995)", ("Toy Story", "1995")),
        ("Two Friends (1986) ", ("Two Friends", "1986")),
        ("unknown", ("unknown", "")),
        ("2001: A Space Odyssey (1968)", ("2001: A Space Odyssey", "1968")),
        ("1984 (Nineteen Eighty-Four) (1984)", ("1984 (Nineteen Eighty-Four)", "1984")),
        ("(500) Days  of Summer (2009)", ("(500) Days of Summer", "2009")),
        ("Great Giving (1995) (V)", ("Great Giving (V)", "1995")),
    ],
)
def test_split_year(text: str, expected: tuple[str, str]) -> None:
    assert split_year(text) == expected


def test_a_wrong_layout_names_the_missing_member(tmp_path: Path) -> None:
    archive = pack(tmp_path, "ml-1m", COLONS)
    with pytest.raises(DataError, match=r"ml-1m\.zip: no member ml-100k/u\.data"):
        normalize("ml-100k", archive, tmp_path / "events.csv", tmp_path / "items.csv")


def test_an_item_line_with_missing_flags_is_named(tmp_path: Path) -> None:
    archive = pack(tmp_path, "ml-100k", "1|Toy Story (1995)|01-Jan-1995||http://x|0|0\n")
    with pytest.raises(DataError, match=r"u\.item, line 1: expected 24 fields, found 7"):
        normalize("ml-100k", archive, tmp_path / "events.csv", tmp_path / "items.csv")
