"""Which files a path names, and what is said where it names none."""

from pathlib import Path

import pytest

from recsys.core.errors import DataError
from recsys.log.files import log_files


@pytest.mark.parametrize("name", ["part.csv", "part.jsonl.gz", "a.b.parquet"])
def test_nested_folders_are_told_the_glob_that_finds_them(tmp_path: Path, name: str) -> None:
    for day in (2, 1):
        (tmp_path / "logs" / f"day={day}").mkdir(parents=True)
        (tmp_path / "logs" / f"day={day}" / name).write_text("")
    with pytest.raises(DataError, match=r"no files in the folder itself, but .*day=1/.* lies deeper") as refused:
        log_files(tmp_path / "logs")
    glob = Path(str(refused.value).partition("write data.path: ")[2])
    assert log_files(glob) == [tmp_path / "logs" / f"day={day}" / name for day in (1, 2)]
    assert glob.name == {"part.csv": "*.csv", "part.jsonl.gz": "*.jsonl.gz", "a.b.parquet": "*.parquet"}[name]


def test_an_empty_folder_has_nothing_to_hint_at(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "deeper").mkdir()
    (tmp_path / "logs" / "deeper" / "README.md").write_text("")
    with pytest.raises(DataError, match=r"no such file, and no folder or glob with files in it; data\.path"):
        log_files(tmp_path / "logs")


def test_a_relative_path_tells_where_it_was_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as refused:
        log_files(Path("days/*.csv"))
    assert f"(tried {tmp_path}/days/*.csv: paths are relative to the current directory)" in str(refused.value)
