"""Refused rows as a message tells of them."""

from pathlib import Path

from recsys.log.formats.raw import Reject
from recsys.log.rejects import first_rejects, write_rejects


def test_the_first_of_each_reason_the_most_frequent_first(tmp_path: Path) -> None:
    late = [Reject("bad timestamp", "log.csv", row, f"u,i,{row}?") for row in (464, 351, 900)]
    lacking = [Reject("missing user_id", "log.csv", row, ",i,1") for row in (12, 77)]
    write_rejects([*lacking, Reject("malformed row", "log.csv", 5, "u,i")], tmp_path / "block-00000.parquet")
    write_rejects(late, tmp_path / "block-00001.parquet")
    first = [
        "log.csv:351: bad timestamp: u,i,351?",
        "log.csv:12: missing user_id: ,i,1",
        "log.csv:5: malformed row: u,i",
    ]
    assert first_rejects(tmp_path, 5) == first
    assert first_rejects(tmp_path, 1) == first[:1]
    assert first_rejects(tmp_path / "nowhere", 5) == []
