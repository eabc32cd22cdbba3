"""What is wrong with a log is told, nothing is lost, and nothing half-made is left."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.prepare import Request
from recsys.core.errors import ConfigError, DataError
from recsys.log.block_plan import BLOCK_BYTES
from tests.pipelines.conftest import BOTH, HEADER, histories, write_log

GOOD = [("u", f"i{n}", n, n) for n in range(200)]


def nothing_left(tmp_path: Path) -> bool:
    folder = tmp_path / "work" / "datasets"
    return not folder.exists() or not list(folder.iterdir())


def rejects(dataset) -> list[tuple[str, int]]:
    rows = pa.concat_tables([pq.read_table(path) for path in sorted((dataset.path / "rejects").iterdir())]).to_pylist()
    return sorted((row["reason"], row["row"]) for row in rows)


def test_bad_rows_are_kept_with_reason_and_line(tmp_path, make):
    lines = [HEADER, *(",".join(map(str, row)) for row in GOOD)]
    bad = {
        10: ",i1,5,5",  # no user
        20: "u,,5,5",
        30: "u,i1,,5",
        40: "u,i1,noon,5",
        50: "u,i1,5",
        60: "u,i1,5,5,5",
        70: "u,i1,5,first",
        80: f"u,{'x' * 2000},5,5",
        90: "u,i1,99999999999999,5",
        100: 'u,"i1,5,5',  # a quote that never closes
    }
    for line, text in bad.items():
        lines.insert(line - 1, text)
    lines.insert(150, "")  # a blank line is no row
    data = "\n".join(lines).encode() + b"\nu,\xff\xfe,5,5\n"
    log = tmp_path / "log.csv"
    log.write_bytes(data)
    dataset = make(log, max_rejected_share=0.1)
    assert rejects(dataset) == [
        ("bad event_id", 70),
        ("bad item_id", len(lines) + 1),
        ("bad timestamp", 40),
        ("bad timestamp", 90),
        ("long item_id", 80),
        ("malformed row", 50),
        ("malformed row", 60),
        ("malformed row", 100),
        ("missing item_id", 20),
        ("missing timestamp", 30),
        ("missing user_id", 10),
    ]
    assert dataset.counts["read"] == len(GOOD) + len(bad) + 1
    assert histories(dataset)["u"] == [f"i{n}" for n in range(200)]


@BOTH
def test_too_many_bad_rows_stop_it(tmp_path, make, runner):
    log = write_log(tmp_path / "log.csv", [*GOOD[:8], ("u", "i", "noon", 5), ("u", "i", "dusk", 5)])
    refused = r"(?s)2 rows \(20.00%\) were refused \(2 bad timestamp\).*max_rejected_share.*log.csv:10: bad timestamp"
    with pytest.raises(DataError, match=refused):
        make(log, runner=runner)
    assert nothing_left(tmp_path)
    (kept,) = (tmp_path / "work" / "rejects").glob("*/*.parquet")
    assert pq.read_table(kept).column("text").to_pylist() == ["u,i,noon,5", "u,i,dusk,5"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no rows"),
        (HEADER + "\n", "no rows"),
        ("user,item_id,timestamp,event_id\n1,2,3,4\n", r"column 'user_id' .* missing; the file has user, item_id"),
        ("user_id,item_id,timestamp,event_id,user_id\n1,2,3,4,5\n", "found twice"),
        (HEADER + "\nu,a,1,1\nu,b,2,2\n", "no user has a test event"),
    ],
)
def test_logs_that_cannot_be_used(tmp_path, make, content, message):
    log = tmp_path / "log.csv"
    log.write_text(content)
    with pytest.raises(DataError, match=message):
        make(log)
    assert nothing_left(tmp_path)


@BOTH
def test_a_core_that_keeps_nothing(tmp_path, make, runner):
    with pytest.raises(DataError, match=r"no events are left .*k_core = 5"):
        make(write_log(tmp_path / "log.csv", GOOD), k_core=5, runner=runner)


def test_files_that_are_not_there_or_not_whole(tmp_path, make):
    with pytest.raises(DataError, match=r"absent.csv: no such file"):
        make(tmp_path / "absent.csv")
    with pytest.raises(DataError, match=r"a log is read by its ending"):
        make(write_log(tmp_path / "log.xls", GOOD))
    packed = gzip.compress(write_log(tmp_path / "log.csv", GOOD).read_bytes())
    (tmp_path / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match=r"cut.csv.gz: the gzip stream is damaged or cut short"):
        make(tmp_path / "cut.csv.gz")
    table = pa.table({"user_id": ["u"], "item_id": ["a"], "timestamp": [1], "event_id": [1]})
    pq.write_table(table, tmp_path / "log.parquet")
    whole = (tmp_path / "log.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[:-20])
    with pytest.raises(DataError, match=r"cut.parquet: not a whole Parquet file"):
        make(tmp_path / "cut.parquet")
    pq.write_table(table.drop_columns("timestamp"), tmp_path / "lacking.parquet")
    with pytest.raises(DataError, match=r"lacking.parquet: column 'timestamp' .* missing"):
        make(tmp_path / "lacking.parquet")
    assert nothing_left(tmp_path)


def test_a_row_cut_short_at_the_end_is_told(tmp_path, make):
    log = write_log(tmp_path / "log.csv", GOOD)
    log.write_bytes(log.read_bytes().removesuffix(b",199,199\n"))
    assert rejects(make(log)) == [("malformed row", 201)]


def test_nulls_in_a_row_group(tmp_path, make):
    users = [None if n == 7 else "u" for n in range(200)]
    times = pa.array([None if n == 9 else n for n in range(200)], pa.int64())
    columns = {"user_id": users, "item_id": [f"i{n}" for n in range(200)], "timestamp": times, "event_id": range(200)}
    pq.write_table(pa.table({name: pa.array(values) for name, values in columns.items()}), tmp_path / "log.parquet")
    dataset = make(tmp_path / "log.parquet")
    assert rejects(dataset) == [("missing timestamp", 10), ("missing user_id", 8)]


def test_json_lines_that_are_no_events(tmp_path, make):
    rows = [json.dumps({"user_id": "u", "item_id": n, "timestamp": n, "event_id": n}) for n in range(200)]
    rows[3] = "not json"
    rows[5] = '{"user_id": "u", "item_id": {"nested": 1}, "timestamp": 1, "event_id": 1}'
    rows[7] = '{"user_id": "u", "timestamp": 1, "event_id": 1}'
    rows[9] = '{"user_id": "u", "item_id": "text", "timestamp": 9.5, "event_id": 9}'
    (tmp_path / "log.jsonl").write_text("\n".join(rows) + "\n")
    dataset = make(tmp_path / "log.jsonl", max_rejected_share=0.1)
    assert rejects(dataset) == [("malformed row", 4), ("missing item_id", 6), ("missing item_id", 8)]
    assert "text" in histories(dataset)["u"]


def test_one_enormous_line_is_refused_and_the_rest_read(tmp_path, make):
    log = write_log(tmp_path / "log.csv", GOOD[:100])
    with log.open("ab") as file:
        file.write(b"u,")
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b",1,1\n")
        file.write("".join(f"{','.join(map(str, row))}\n" for row in GOOD[100:]).encode())
    assert log.stat().st_size > 3 * BLOCK_BYTES
    dataset = make(log, max_rejected_share=0.1)
    assert rejects(dataset) == [("long line", 102)]
    assert histories(dataset)["u"] == [f"i{n}" for n in range(200)]


def test_what_may_be_extended(tmp_path, make):
    log = write_log(tmp_path / "log.csv", GOOD)
    without = make(log)
    with pytest.raises(DataError, match="keep_events: true"):
        make(log, keep_events=True, request=Request(extends=without))
    kept = make(log, keep_events=True)
    with pytest.raises(ConfigError, match=r"made with prepare.max_user_events None, the config says 9"):
        make(log, keep_events=True, max_user_events=9, request=Request(extends=kept))


def test_drift_is_refused(tmp_path, make):
    yesterday = make(write_log(tmp_path / "log.csv", GOOD))
    half = write_log(tmp_path / "half.csv", GOOD[:90])
    with pytest.raises(DataError, match=r"(?s)rows: 200 became 90.*items: 200 became 90.*time range"):
        make(half, request=Request(against=yesterday))
