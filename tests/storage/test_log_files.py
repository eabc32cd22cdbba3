"""Logs in a store: the same dataset as from disk, and copies that follow what the store has."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.prepare import prepare
from recsys.artifacts.dataset import Dataset
from recsys.config import parse_config
from recsys.core.errors import ConfigError, DataError
from recsys.core.local_path import place
from recsys.core.mirror import CACHE_VARIABLE, mirror_of, with_urls
from recsys.core.publishing import ASIDE
from recsys.log.files import find_log
from recsys.preparation.user_deletion import KEY_VARIABLE, forget
from recsys.storage import files, transfer
from tests.pipelines.conftest import parts, same  # noqa: F401

LOGS = "memory://bucket/logs"


def store(**named: str) -> None:
    """Files of ``LOGS`` by their names."""
    for name, text in named.items():
        system, key = transfer._remote(mirror_of(f"{LOGS}/{name.replace('__', '/')}.csv"))
        system.pipe_file(key, text.encode())


def found(url: str) -> dict[str, str]:
    return {with_urls(path): path.read_text() for path in find_log(place(url)).files}


@pytest.mark.parametrize(
    ("url", "names"),
    [
        (f"{LOGS}/a.csv", ["a"]),
        (LOGS, ["a", "b"]),
        (f"{LOGS}/*.csv", ["a", "b"]),
        (f"{LOGS}/[b-z]*", ["b"]),
        (f"{LOGS}/**/*.csv", ["a", "b", "deep/c"]),
    ],
)
def test_a_file_a_folder_or_a_glob(url: str, names: list[str]) -> None:
    store(a="A", b="B", _d="aside", _temporary__e="E", **({"deep__c": "C"} if "**" in url else {}))
    assert found(url) == {f"{LOGS}/{name}.csv": name[-1].upper() for name in names}


@pytest.mark.parametrize("url", [LOGS, f"{LOGS}/*.csv"])
def test_copies_follow_the_store(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store(a="A", b="B")
    assert len(found(url)) == 2
    store(b="BB", c="C")
    transfer.remove([mirror_of(f"{LOGS}/a.csv")])
    fetched: list[Path] = []
    get = transfer.get
    monkeypatch.setattr(
        transfer, "get", lambda copies: get(fetched.append(source) or (source, to) for source, to in copies)
    )
    assert found(url) == {f"{LOGS}/b.csv": "BB", f"{LOGS}/c.csv": "C"}
    assert found(url) == {f"{LOGS}/b.csv": "BB", f"{LOGS}/c.csv": "C"}
    assert sorted(path.name for path in fetched) == ["b.csv", "c.csv"]  # each once


def test_names_of_the_cache_hide_nothing_and_its_marks_are_no_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / ".cache" / "_copies.tmp"))
    store(a="A", _b="aside")
    for _ in range(2):  # the second time marks lie beside the copies
        log = find_log(place(LOGS))
        assert [file.name for file in log.files] == ["a.csv"]
        assert [file.name for file in log.passed_over] in ([], ["_b.csv"])


@pytest.mark.parametrize("url", [LOGS, f"{LOGS}/*.csv", f"{LOGS}/a.csv"])
def test_a_table_of_delta_is_refused_by_any_name(url: str) -> None:
    store(a="A", _delta_log__0="{}")
    with pytest.raises(DataError, match="is a table of Delta"):
        found(url)


def test_what_a_killed_fetch_left_is_removed_and_what_another_fetches_stays() -> None:
    store(a="A")
    program = "from recsys.core.owners import this_process; print(this_process(), flush=True); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], text=True, **pipes) as other:
        assert other.stdout is not None
        half = mirror_of(LOGS) / f".a.csv{ASIDE}{other.stdout.readline().strip()}"
        half.parent.mkdir(parents=True)
        half.write_text("half")
        assert found(LOGS) == {f"{LOGS}/a.csv": "A"}
        assert half.exists()
        other.kill()
    assert found(LOGS) == {f"{LOGS}/a.csv": "A"}
    assert not half.exists()


def test_a_file_that_changes_while_it_is_fetched_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    store(a="A")
    get = transfer.get

    def late(copies: Any) -> None:
        get(copies)
        store(a="AA")

    monkeypatch.setattr(files.transfer, "get", late)
    with pytest.raises(DataError, match=r"a\.csv: changed while it was fetched"):
        found(LOGS)
    assert [path.name for path in mirror_of(LOGS).iterdir()] == []


def test_a_log_that_is_not_there_is_named_by_its_url() -> None:
    store(a="A")
    with pytest.raises(DataError) as told:
        find_log(place("memory://bucket/lugs/*.csv"))
    assert with_urls(str(told.value)).startswith("memory://bucket/lugs/*.csv: no such file")


def test_the_same_shards_as_from_disk(parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr("pipelines.description.write_report", lambda *arguments: arguments[-1].write_text("report"))
    store(**{part.stem: part.read_text() for part in parts.iterdir()})

    def make(log: str, work: str) -> Dataset:
        config = parse_config(
            {"data": {"path": log, "columns": {"event_id": "event_id"}}, "prepare": {"k_core": 1, "keep_events": True}}
        )
        return prepare(config, place(work)).artifact

    local, remote = make(str(parts), str(tmp_path / "work")), make(LOGS, "memory://bucket/work")
    same(local, remote)
    assert local.path.name == remote.path.name
    import pyarrow.parquet as pq

    (origin,) = pq.read_table(next((remote.path / "rejects").iterdir())).column("origin").to_pylist()
    assert origin.startswith(f"{LOGS}/")


def test_the_key_of_forgotten_users_is_no_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(ConfigError, match=KEY_VARIABLE):
        forget(["u1"], None, place("memory://bucket/work"))
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "forget.key"))
    assert len(forget(["u1"], None, place("memory://bucket/work"))) == 1
    assert (tmp_path / "forget.key").exists()
