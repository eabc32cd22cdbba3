"""Workers that share nothing with the launcher but a store: the same bytes as everything on disk."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines import graph
from pipelines.prepare import Request, prepare
from pipelines.runners import Runner
from recsys.artifacts.dataset import Dataset
from recsys.config import parse_config
from recsys.core.artifact import file_hashes
from recsys.core.errors import ConfigError, DataError
from recsys.core.local_path import place
from recsys.core.mirror import mirror_of
from recsys.storage import transfer
from tests.pipelines.conftest import no_plots, random_rows, write_log  # noqa: F401
from tests.storage.conftest import Machine, stored

HEADER = "user_id,item_id,timestamp,event_id,stars"
Make = Callable[..., Dataset]


@pytest.fixture
def remote(tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    """A runner whose workers have a cache of their own and do not find what the launcher has."""
    launcher, hidden = tmp_path / "launcher", tmp_path / "hidden"

    def run_elsewhere(build: Any, runner: Runner, rows: int) -> None:
        if runner.exchange == "files":
            here(build, runner, rows)
            return
        launcher.rename(hidden)
        machine("worker")
        try:
            here(build, runner, rows)
        finally:
            hidden.rename(launcher)
            machine("launcher/cache")

    here = graph.run
    monkeypatch.setattr(graph, "run", run_elsewhere)
    monkeypatch.setattr(Runner, "is_here", False)
    launcher.mkdir()
    machine("launcher/cache")
    yield Runner(exchange="engine")
    assert not [path for path in (tmp_path / "worker").rglob("*") if path.is_file()], "a worker leaves nothing behind"


def make(log: str, work: str, tables: Path, runner: Runner, extends: Dataset | None = None) -> Dataset:
    data = {
        "path": log,
        "columns": {"event_id": "event_id", "value": "stars"},
        "items": {"path": str(tables / "items.csv"), "features": {"kind": "category"}},
        "relations": {"path": str(tables / "relations.csv")},
    }
    settings = {"k_core": 2, "events_per_shard": 150, "keep_events": True}
    config = parse_config({"data": data, "prepare": settings})
    return prepare(config, place(work), runner=runner, request=Request(extends=extends)).artifact


def write_tables(folder: Path) -> None:
    rows = [f"i{n},kind {n % 3}" for n in range(30)]
    (folder / "items.csv").write_text("\n".join(["item_id,kind", *rows]) + "\n")
    (folder / "relations.csv").write_text("item_id,related_id\ni0,i1\ni1,i2\ni2,nobody\n")


@pytest.mark.long
def test_the_same_bytes_as_on_one_machine(tmp_path: Path, remote: Runner) -> None:
    """A compressed log and tables of the launcher's disk; then a log in the store extends the dataset."""
    launcher = tmp_path / "launcher"
    write_tables(launcher)
    rows = [(*row, row[3] % 5) for row in random_rows(11)]
    rows[7] = ("u", "", 1, 7, 1)
    nights = [launcher / "0.csv.gz", launcher / "1.csv"]
    write_log(nights[1], rows[:300], HEADER)
    nights[0].write_bytes(gzip.compress(nights[1].read_bytes()))
    write_log(nights[1], rows[300:], HEADER)
    night = mirror_of("memory://bucket/logs/1.csv")
    transfer.put_at([(nights[1], night)])
    there: Dataset | None = None
    here: Dataset | None = None
    for log in (str(nights[0]), "memory://bucket/logs/1.csv"):
        there = make(log, "memory://bucket/w", launcher, remote, there)
        here = make(log, str(launcher / "here"), launcher, Runner(exchange="files"), here)
        assert there.counts == here.counts
        assert there.digest == here.digest
        hashes = file_hashes(there.path)
        assert hashes == file_hashes(here.path)
        names = {f"datasets/{there.path.name}/{name}" for name in (*hashes, "manifest.json")}
        assert {name for name in stored("memory://bucket/w") if there.path.name in name} == names
    assert there is not None
    assert there.counts["stored"] > 0
    assert there.features[0].name == "kind"


def test_what_a_worker_finds_wrong_is_told_by_its_own_name(tmp_path: Path, remote: Runner) -> None:
    launcher = tmp_path / "launcher"
    write_tables(launcher)
    (launcher / "relations.csv").write_text("item_id,related_id\nx,y\n")
    log = write_log(launcher / "log.csv", ((*row, 1) for row in random_rows(11)), HEADER)
    with pytest.raises(DataError, match=f"{launcher}/relations.csv"):
        make(str(log), "memory://bucket/w", launcher, remote)
    assert stored("memory://bucket/w") == []


def test_files_need_a_disk_that_all_share(tmp_path: Path, remote: Runner) -> None:
    launcher = tmp_path / "launcher"
    write_tables(launcher)
    log = write_log(launcher / "log.csv", ((*row, 1) for row in random_rows(11)), HEADER)
    with pytest.raises(ConfigError, match=r"--exchange files .* the work directory is in a store"):
        make(str(log), "memory://bucket/w", launcher, Runner(exchange="files"))
    with pytest.raises(ConfigError, match=r"a worker on .* does not see .*/launcher/work: give a --work-dir that all"):
        make(str(log), str(launcher / "work"), launcher, remote)
