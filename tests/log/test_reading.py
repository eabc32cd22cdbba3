"""Reading and casting columns in which some values are bad."""

import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import DataError
from recsys.log.block_plan import plan_blocks
from recsys.log.blocks import LogBlock
from recsys.log.files import find_log, format_of
from recsys.log.formats import read_block
from recsys.log.values.casting import cast_column
from recsys.log.values.timestamps import EARLIEST, LATEST, to_milliseconds


@given(st.lists(st.one_of(st.none(), st.integers().map(str), st.text(max_size=3))))
def test_what_can_be_cast_is_cast(values):
    def number(text: str | None) -> int | None:
        try:
            value = pa.scalar(text).cast(pa.int64()).as_py()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None
        return value

    found, failed = cast_column(pa.array(values, pa.string()), pa.int64())
    expected = [number(value) for value in values]
    assert found.to_pylist() == expected
    assert failed.tolist() == [value is not None and one is None for value, one in zip(values, expected, strict=True)]


@pytest.mark.parametrize("values", [[], [None], [None, datetime.date(2024, 3, 5)]])
def test_a_type_that_nothing_can_be_cast_from(values):
    found, failed = cast_column(pa.array(values, pa.date32()), pa.float64())
    assert (found.null_count, failed.tolist()) == (len(values), [value is not None for value in values])


@given(st.integers(EARLIEST, LATEST))
def test_whole_milliseconds_stay(moment):
    for values in (pa.array([moment]), pa.array([str(moment)]), pa.array([f" {moment} "])):
        milliseconds, missing, bad = to_milliseconds(values, "ms")
        assert (milliseconds.tolist(), missing.tolist(), bad.tolist()) == ([moment], [False], [False])


@given(st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1)), st.integers(-12, 12))
def test_iso_8601(moment, hours):
    zone = datetime.timezone(datetime.timedelta(hours=hours))
    aware = moment.replace(tzinfo=zone)
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    expected = (aware - epoch) // datetime.timedelta(milliseconds=1)
    naive = (moment.replace(tzinfo=datetime.UTC) - epoch) // datetime.timedelta(milliseconds=1)
    values = pa.array([aware.isoformat(), moment.isoformat(), moment.isoformat(" ") + "Z"])
    milliseconds, missing, bad = to_milliseconds(values, "iso8601")
    assert not missing.any()
    assert not bad.any()
    # Before 1970 it rounds the other way.
    np.testing.assert_allclose(milliseconds, [expected, naive, naive], rtol=0, atol=1)


@pytest.mark.parametrize(
    ("values", "unit", "expected", "missing", "bad"),
    [
        (["1", "1.5", "", None, "x", "nan", "1e400"], "s", [1000, 1500, 0, 0, 0, 0, 0], 2, 3),
        ([1, -5, 10**15, None], "s", [1000, -5000, 0, 0], 1, 1),
        ([1.25, float("nan"), float("inf")], "s", [1250, 0, 0], 1, 1),
        ([1, 2], "iso8601", [0, 0], 0, 2),
        (pa.array([7, 2**61 + 7, None], pa.timestamp("s")), "ms", [7000, 0, 0], 1, 1),
        (pa.array([7_000_999, -1], pa.timestamp("us")), "s", [7000, 0], 0, 0),
        (pa.array([1, 2**31 - 1], pa.date32()), "iso8601", [86_400_000, 0], 0, 1),
        (["2020-02-30", "2020-02-29", "29.2.2020"], "iso8601", [0, 1_582_934_400_000, 0], 0, 2),
    ],
)
def test_timestamps(values, unit, expected, missing, bad):
    found = to_milliseconds(pa.array(values), unit)
    assert (found[0].tolist(), found[1].sum(), found[2].sum()) == (expected, missing, bad)


def test_blocks_cut_at_lines_and_count_them(tmp_path, monkeypatch):
    for module in ("blocks", "block_plan"):
        monkeypatch.setattr(f"recsys.log.{module}.BLOCK_BYTES", 64)
    log = tmp_path / "log.csv"
    rows = [f"u{n},i{n},{n}" for n in range(50)]
    rows[20] = "u," + "x" * 300 + ",1"
    log.write_text("\n".join(["user,item,time", *rows]))
    blocks = plan_blocks([log], ",", tmp_path)
    assert [block.number for block in blocks] == list(range(len(blocks)))
    assert sum(block.rows for block in blocks) == 50
    assert blocks[-1].end == log.stat().st_size
    columns = {"user_id": "user", "item_id": "item", "timestamp": "time"}
    read = [read_block(block, columns, frozenset({"timestamp"})) for block in blocks]
    items = [item for raw in read for item in raw.table.column("item_id").to_pylist()]
    assert [(one.reason, one.row) for raw in read for one in raw.malformed] == [("long line", 22)]
    assert items == [f"i{n}" for n in range(50) if n != 20]
    numbers = [int(row) for raw in read for row in raw.rows]
    assert numbers == [n + 2 for n in range(50) if n != 20]


QUOTED = ['"u",i,1', 'u,"a ""b"" c",1', 'u,"x,y",1', 'u,"open,1', 'u,i,"1"', "u,i", "", 'closed",i,1']


@given(st.lists(st.sampled_from(QUOTED), min_size=1, max_size=12))
def test_every_line_is_a_row_or_refused_whatever_its_quotes(tmp_path_factory, lines):
    log = tmp_path_factory.mktemp("quotes") / "log.csv"
    log.write_text("\n".join(lines) + "\n")
    names = ("user", "item", "time")
    block = LogBlock(0, str(log), str(log), "csv", 0, log.stat().st_size, 1, len(lines), names)
    raw = read_block(block, {"user_id": "user", "item_id": "item", "timestamp": "time"}, frozenset())
    refused = {one.row for one in raw.malformed}
    told = refused | {int(row) for row in raw.rows}
    assert told == {number for number, line in enumerate(lines, 1) if line}
    assert refused == {number for number, line in enumerate(lines, 1) if line in ('u,"open,1', "u,i")}
    expected = {'"u",i,1': "i", 'u,"a ""b"" c",1': 'a "b" c', 'u,"x,y",1': "x,y", 'u,i,"1"': "i", 'closed",i,1': "i"}
    good = [expected[line] for line in lines if line in expected]
    assert [
        str(value) if isinstance(value, str) else value.decode() for value in raw.table["item_id"].to_pylist()
    ] == good


def test_files_of_a_log(tmp_path):
    for name in ("b.csv", "a.csv", "_SUCCESS", ".hidden.csv"):
        (tmp_path / name).touch()
    assert [file.name for file in find_log(tmp_path).files] == ["a.csv", "b.csv"]
    assert [file.name for file in find_log(tmp_path / "b*.csv").files] == ["b.csv"]
    assert format_of(tmp_path / "x.JSONL.gz") == "jsonl"
    with pytest.raises(DataError, match="no such file"):
        find_log(tmp_path / "c*.csv")
