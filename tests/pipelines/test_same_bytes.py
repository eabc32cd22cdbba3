"""The SHA-256 of every shard is the same, however rows lie in files, and wherever and by whom they are prepared."""

import random
from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from pipelines.prepare import prepare
from pipelines.runners import Exchange, Runner
from recsys.config import parse_config
from recsys.core.local_path import place
from tests.pipelines.conftest import SETTINGS, random_rows, write_log
from tests.pipelines.s3 import s3_server

HEADER = "user_id,item_id,day,event_id"
LAYOUTS = ("one file", "seven files", "days")
EXCHANGES: tuple[Exchange, ...] = ("files", "engine")
CASES = list(product(LAYOUTS, EXCHANGES))
Logs = dict[str, Path]


@pytest.fixture(scope="module")
def logs(tmp_path_factory) -> Logs:
    """The same rows in one file in their order, in seven files shuffled, and in a folder for each day."""
    folder = tmp_path_factory.mktemp("logs")
    rows = [(user, item, f"2026-11-{20 + time // 8}", number) for user, item, time, number in random_rows(11)]
    found = {name: folder / name for name in LAYOUTS}
    for path in found.values():
        path.mkdir()
    write_log(found["one file"] / "log.csv", rows, HEADER)
    shuffled = random.Random(5).sample(rows, len(rows))
    for part in range(7):
        write_log(found["seven files"] / f"{part}.csv", shuffled[part::7], HEADER)
    days = defaultdict(list)
    for user, item, day, number in shuffled:
        days[day].append((user, item, number))
    assert len(days) == 5
    for day, events in days.items():
        (found["days"] / f"day={day}").mkdir()
        write_log(found["days"] / f"day={day}" / "0.csv", events, "user_id,item_id,event_id")
    return found


def hashes(log: str, work: Path, runner: Runner) -> dict[str, str]:
    """SHA-256 of every file of the dataset but the report."""
    columns = {"timestamp": "day", "event_id": "event_id"}
    data = {"path": log, "columns": columns, "timestamp_unit": "iso8601"}
    outcome = prepare(parse_config({"data": data, "prepare": SETTINGS}), work, runner=runner)
    assert not outcome.reused
    files = outcome.artifact.manifest.files
    assert sum(name.startswith("sequences/") for name in files) == 8
    return {name: sha for name, sha in files.items() if name != "report.html"}


@pytest.fixture(scope="module")
def expected(logs: Logs, tmp_path_factory) -> dict[str, str]:
    """Of one file on this machine's disk, in one process, by files."""
    return hashes(str(logs["one file"]), tmp_path_factory.mktemp("expected"), Runner(workers=1))


@pytest.mark.long
@pytest.mark.parametrize(("layout", "exchange"), CASES[1:])
def test_files_and_exchange(tmp_path, logs, expected, layout, exchange):
    assert hashes(str(logs[layout]), tmp_path, Runner(workers=1, exchange=exchange)) == expected


@pytest.mark.slow
@pytest.mark.parametrize(("layout", "exchange"), CASES)
def test_two_processes(tmp_path, logs, expected, layout, exchange):
    assert hashes(str(logs[layout]), tmp_path, Runner(workers=2, exchange=exchange)) == expected


@pytest.fixture(scope="module")
def bucket(logs: Logs) -> Iterator[str]:
    """A bucket that holds the logs."""
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as system:
        system.mkdir("same-bytes")  # Moto keeps the buckets of a process, whatever server is asked
        for layout, folder in logs.items():
            system.put(str(folder), f"same-bytes/{layout}", recursive=True)
        yield "s3://same-bytes"


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("layout", "exchange"), CASES)
def test_a_store(tmp_path, bucket, expected, monkeypatch, layout, exchange, workers):
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    work = place(f"{bucket}/work/{layout} {exchange} {workers}")
    assert hashes(f"{bucket}/{layout}", work, Runner(workers=workers, exchange=exchange)) == expected
