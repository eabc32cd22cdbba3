"""A table of items beside a log: what is wrong with it, and how its ids meet the log's."""

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.prepare import Request
from recsys.core.errors import DataError
from tests.pipelines.conftest import histories, write_log

GOOD = [("u", f"i{n}", n, n) for n in range(200)]


def nothing_left(tmp_path: Path) -> bool:
    folder = tmp_path / "work" / "datasets"
    return not folder.exists() or not list(folder.iterdir())


def test_an_item_table_that_is_wrong(tmp_path, make):
    log = write_log(tmp_path / "log.csv", GOOD)
    table = tmp_path / "items.csv"
    wrong = {
        "item_id\na\na\n": "'a' stands in more than one row",
        "name\na\n": "column 'item_id' is missing; found name",
    }
    for content, message in wrong.items():
        table.write_text(content)
        with pytest.raises(DataError, match=message):
            make(log, data={"items": {"path": str(table)}})
    assert nothing_left(tmp_path)


def as_parquet(**columns: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("items.csv", None, r"no such table; data\.items\.path names it"),
        ("items.csv", "item_id,it\ni1,ok\ni2,cr\xe8me\n".encode("latin-1"), r"line 3 is not UTF-8, .* WINDOWS-1252"),
        (
            "items.csv",
            b"item_id,it\n12,a\ni1,b\n12.0,c\n",
            r"item '12' stands in .* rows 1 and 3; .*12\.0 is read as 12",
        ),
        (
            "items.parquet",
            as_parquet(item_id=[12.0, 13.0, 12.0], it=["a", "b", "c"]),
            r"item '12' stands in more than one row, such as rows 1 and 3",
        ),
        ("items.parquet", as_parquet(item_id=["i1"], it=[{"en": "x"}]), r"column 'it' holds struct<.*>, expected one"),
        ("items.parquet", as_parquet(item_id=["i1", "i2"], it=[b"a", b"\xff"]), r"row 2, column 'it': .*text in UTF-8"),
        pytest.param(
            "items.csv",
            b"item_id,it\ni1,short\ni2," + b"x" * 100_000_000 + b"\n",
            r"row 2, column 'it': found 100,000,000 bytes of text; at most 100,000",
            id="100 MB in a cell",
        ),
    ],
)
def test_an_item_table_that_cannot_be_read_is_told_before_the_log(tmp_path, make, name, content, told):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    log = write_log(tmp_path / "log.csv", [*GOOD, ("u", "i1", "no time", 999)])  # which is refused when it is read
    items = {"path": str(tmp_path / name), "features": {"it": "text"}}
    with pytest.raises(DataError, match=rf"{name.replace('.', '[.]')}: {told}"):
        make(log, data={"items": items}, max_rejected_share=0.0)
    assert nothing_left(tmp_path)


def test_an_item_table_that_knows_only_later_items_is_told_and_joined(tmp_path, make, capsys):
    (tmp_path / "items.csv").write_text("item_id,title\ni199,Last\n")
    items = {"path": str(tmp_path / "items.csv"), "title": "title"}
    for day, rows in enumerate((GOOD[:100], GOOD[100:])):
        write_log(tmp_path / f"day{day}.csv", rows)
    titles = make(tmp_path / "day*.csv", data={"items": items}).items["title"]
    assert titles.dropna().tolist() == ["Last"]
    assert "holds none of the log's items: there such as 'i199', in the first rows of" in capsys.readouterr().err
    with pytest.raises(DataError, match="holds none of the log's items"):
        make(tmp_path / "day0.csv", data={"items": items})
    assert len(list((tmp_path / "work" / "datasets").iterdir())) == 1


def test_whole_numbers_are_one_id_however_a_file_spells_them(tmp_path, make):
    rows = [(f"{n % 2}.0", f"{n % 3}.0" if n % 5 else n % 3, n, n) for n in range(12)]
    (tmp_path / "items.csv").write_text("item_id,title\n0,zero\n1.0,one\n2,two\n")
    (tmp_path / "forget.txt").write_text("1.0\n")
    items = {"path": str(tmp_path / "items.csv"), "title": "title"}
    request = Request(forget=tmp_path / "forget.txt")
    dataset = make(write_log(tmp_path / "log.csv", rows), data={"items": items}, request=request)
    assert histories(dataset) == {"0": [str(n % 3) for n in range(0, 12, 2)]}
    assert sorted(dataset.items["title"]) == ["one", "two", "zero"]
