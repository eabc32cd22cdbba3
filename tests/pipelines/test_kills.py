"""Nothing half-made is seen: kills, full disks, logs that change while they are read."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.prepare import Request, prepare
from recsys.artifacts.dataset import Dataset
from recsys.config import parse_config
from recsys.core.errors import DataError, RecsysError
from recsys.log.block_plan import plan_blocks
from recsys.preparation.exchange.bucket import write_shard
from tests.pipelines.conftest import histories, write_log

GOOD = [("u", f"i{n}", n, n) for n in range(200)]


def nothing_left(tmp_path: Path) -> bool:
    folder = tmp_path / "work" / "datasets"
    return not folder.exists() or not list(folder.iterdir())


def test_a_log_that_grows_while_it_is_read_makes_no_dataset(tmp_path, make, monkeypatch):
    log = write_log(tmp_path / "log.csv", GOOD)

    def plan_later(*arguments):
        with log.open("a") as file:
            file.write("u,i,9,9\n")
        return plan_blocks(*arguments)

    monkeypatch.setattr("pipelines.planning.plan_blocks", plan_later)
    with pytest.raises(DataError, match=r"log.csv: changed while it was read .* nobody writes"):
        make(log)
    assert nothing_left(tmp_path)


@pytest.mark.parametrize("table", ["items", "relations"])
def test_a_table_that_is_replaced_while_it_is_read_makes_no_dataset(tmp_path, make, monkeypatch, table):
    log, file = write_log(tmp_path / "log.csv", GOOD), tmp_path / "table.csv"
    rows = {"items": "item_id,title\ni0,First\n", "relations": "item_id,related_id\ni0,i1\n"}[table]
    file.write_text(rows)

    def plan_later(*arguments):
        file.write_text(rows + rows.splitlines()[1].replace("i0", "i2") + "\n")
        return plan_blocks(*arguments)

    monkeypatch.setattr("pipelines.planning.plan_blocks", plan_later)
    with pytest.raises(DataError, match=r"table\.csv: changed while it was read"):
        make(log, data={table: {"path": str(file)}})
    assert nothing_left(tmp_path)


def test_what_a_killed_step_left_beside_its_shard_is_no_part_of_the_dataset(tmp_path, make, monkeypatch):
    log = write_log(tmp_path / "log.csv", GOOD)
    whole = make(log, work=tmp_path / "whole")

    def write_twice(bucket, train_end, validation_end, path):
        path.with_name(f".{path.name}.tmp-4711").write_bytes(b"half a shard")
        write_shard(bucket, train_end, validation_end, path)

    monkeypatch.setattr("recsys.preparation.steps.write_shard", write_twice)
    again = make(log)
    assert again.digest == whole.digest
    assert not list(again.path.rglob(".*"))


def test_a_dataset_that_a_kill_left_half_replaced_is_found_again(tmp_path, make):
    log = write_log(tmp_path / "log.csv", GOOD)
    dataset = make(log)
    dataset.path.rename(dataset.path.with_name(f".{dataset.path.name}.old-0"))
    assert make(log).path == dataset.path


def test_a_full_disk_is_told(tmp_path, make, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("recsys.preparation.exchange.bucket.pq.write_table", full)
    with pytest.raises(RecsysError, match="No space left on device"):
        make(write_log(tmp_path / "log.csv", GOOD))
    assert nothing_left(tmp_path)


PREPARE = """
import sys, time
from pathlib import Path
import recsys.preparation.steps as steps
from pipelines.prepare import prepare
from recsys.config import load_config
write = steps.write_shard
def wait(*arguments):
    Path(sys.argv[2], "reached").touch()
    time.sleep(60)
steps.write_shard = wait
prepare(load_config(sys.argv[1]), Path(sys.argv[2]))
"""


def test_killed_in_the_middle_nothing_is_visible_and_the_next_run_finishes(tmp_path):
    log = write_log(tmp_path / "log.csv", GOOD)
    config = tmp_path / "config.yaml"
    config.write_text(f"data: {{path: {log}, columns: {{event_id: event_id}}}}\nprepare: {{k_core: 1}}\n")
    work = tmp_path / "work"
    work.mkdir()
    process = subprocess.Popen([sys.executable, "-c", PREPARE, str(config), str(work)], stderr=subprocess.DEVNULL)
    while not (work / "reached").exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    left = list((work / "datasets").iterdir())
    assert [path.name.startswith(".") for path in left] == [True]
    settings = {"data": {"path": str(log), "columns": {"event_id": "event_id"}}, "prepare": {"k_core": 1}}
    outcome = prepare(parse_config(settings), work)
    assert not outcome.reused
    assert list((work / "datasets").iterdir()) == [outcome.artifact.path]
    assert histories(outcome.artifact)["u"] == [f"i{n}" for n in range(200)]


def test_what_lies_unlisted_in_a_dataset_is_never_read(tmp_path, make):
    dataset = make(write_log(tmp_path / "log.csv", GOOD), keep_events=True)
    seen = histories(dataset)
    for folder in ("sequences", "events"):
        (shard,) = (dataset.path / folder).iterdir()
        shard.with_name("99999.parquet").write_bytes(shard.read_bytes())
    again = Dataset(dataset.path)
    assert histories(again) == seen
    assert again.shards == 1
    assert [path.name for path in again.event_files] == ["00000.parquet"]
    night = write_log(tmp_path / "night.csv", [("u", "i0", 900, 900)])
    extended = make(night, keep_events=True, request=Request(extends=again))
    assert extended.counts["stored"] == len(GOOD)
