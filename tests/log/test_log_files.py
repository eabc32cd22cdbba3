"""Which files a path names, and what is said where it names none."""

from pathlib import Path

import pytest

from recsys.core.errors import DataError
from recsys.log.files import find_log


def test_a_folder_is_read_through_and_what_is_hidden_or_temporary_is_told(tmp_path: Path) -> None:
    names = ["day=2/part.csv", "day=1/part.csv", "day=1/more/part.csv"]
    aside = [".part.csv.crc", "_SUCCESS", "day=1/_temporary/0/part.csv", "day=2/part.csv.tmp", ".git/part.csv"]
    for name in (*names, *aside):
        (tmp_path / "logs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "logs" / name).write_text("")
    found = find_log(tmp_path / "logs")
    assert found.files == [tmp_path / "logs" / name for name in sorted(names)]
    assert found.passed_over == [tmp_path / "logs" / name for name in sorted(aside)]


def test_a_folder_without_files_says_what_lies_there(tmp_path: Path) -> None:
    (tmp_path / "logs" / "deeper").mkdir(parents=True)
    with pytest.raises(DataError, match=r"no such file, and no folder or glob with files in it; data\.path"):
        find_log(tmp_path / "logs")
    (tmp_path / "logs" / "_SUCCESS").write_text("")
    with pytest.raises(DataError, match=r"holds 1 hidden or temporary files .* and no others"):
        find_log(tmp_path / "logs")


def test_a_relative_path_tells_where_it_was_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as refused:
        find_log(Path("days/*.csv"))
    assert f"(tried {tmp_path}/days/*.csv: paths are relative to the current directory)" in str(refused.value)
