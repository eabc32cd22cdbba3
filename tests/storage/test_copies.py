"""Artifacts on their way: what a store holds is whole, and what arrives is what the manifest says."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from recsys.core.artifact import file_hashes
from recsys.core.errors import ArtifactError
from recsys.core.json_files import write_json
from recsys.core.mirror import mirror_of
from recsys.core.publishing import ASIDE, LONG
from recsys.core.schema import MANIFEST
from recsys.storage import cache, transfer
from recsys.storage.copies import fetch, fetch_below, here, manifests_below, send
from recsys.storage.publishing import is_published, publish
from tests.storage.conftest import Machine, stored

WORK = "memory://bucket/work"
NAME, OTHER = "a" * 32, "b" * 32
TARGET = f"{WORK}/datasets/{NAME}"


def write(directory: Path, text: str, kind: str = "dataset") -> None:
    """A small artifact: two files, one in a folder, and the manifest that vouches for them."""
    (directory / "parts").mkdir(parents=True, exist_ok=True)
    (directory / "parts" / "ü 1").write_text(text)
    (directory / "stats").write_text("0" * 1000)
    write_json(directory / MANIFEST, {"kind": kind, "files": file_hashes(directory)})


def publish_at(url: str, text: str = "one", **options: Any) -> Path:
    with publish(mirror_of(url), **options) as aside:
        write(aside, text)
    return mirror_of(url)


class Killed(BaseException):
    """What ends a process in the middle of its work."""


@pytest.fixture
def killed_before_the_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(path: Path) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(transfer, "put_whole", die)
        with pytest.raises(Killed):
            publish_at(TARGET)


def test_another_machine_reads_what_was_published(machine: Machine) -> None:
    made = publish_at(TARGET)
    machine("second")
    path = here(TARGET)
    assert path == mirror_of(TARGET) != made
    assert file_hashes(path) == file_hashes(made)
    assert (path / MANIFEST).read_bytes() == (made / MANIFEST).read_bytes()
    assert stored(TARGET) == [MANIFEST, "parts/ü 1", "stats"]


def test_what_a_path_names_stays_as_it_is(tmp_path: Path) -> None:
    assert here(tmp_path) == tmp_path
    assert here("~x/work") == Path("~x/work")
    assert not fetch(tmp_path)
    send(tmp_path)
    with pytest.raises(ArtifactError, match="is a URL; expected"):
        here("ftp://x/y")


@pytest.mark.usefixtures("killed_before_the_manifest")
def test_without_a_manifest_nothing_is_there_for_others(machine: Machine) -> None:
    assert stored(TARGET) == ["parts/ü 1", "stats"]
    machine("second")
    assert not is_published(mirror_of(TARGET))
    assert list(manifests_below(mirror_of(WORK))) == []
    assert not mirror_of(TARGET).exists()


@pytest.mark.usefixtures("killed_before_the_manifest")
def test_the_next_command_sends_what_a_kill_has_stopped() -> None:
    assert is_published(mirror_of(TARGET))
    assert stored(TARGET) == [MANIFEST, "parts/ü 1", "stats"]


@pytest.mark.usefixtures("killed_before_the_manifest")
def test_what_a_killed_attempt_sent_is_removed_by_who_makes_the_same(machine: Machine) -> None:
    transfer_aside = mirror_of(TARGET) / "left"
    transfer_aside.write_text("of another version of this program")
    transfer.put([transfer_aside])
    machine("second")
    publish_at(TARGET, "two")
    assert stored(TARGET) == [MANIFEST, "parts/ü 1", "stats"]
    machine("third")
    assert (here(TARGET) / "parts" / "ü 1").read_text() == "two"


@pytest.mark.parametrize(("age", "left"), [(LONG + 60, False), (LONG - 60, True)])
@pytest.mark.usefixtures("killed_before_the_manifest")
def test_after_a_day_whoever_publishes_beside_it_removes_it(
    age: float, left: bool, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = mirror_of(f"{WORK}/datasets/not ours/file")
    theirs.parent.mkdir()
    theirs.write_text("")
    scratch = f"{WORK}/datasets/.{OTHER}{ASIDE}of-a-job"
    transfer.put_at([(theirs, theirs), (theirs, mirror_of(scratch) / "sequences" / "00000.parquet")])
    machine("second")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + age)
    publish_at(f"{WORK}/datasets/{OTHER}")
    assert bool(stored(TARGET)) is left
    assert bool(stored(scratch)) is left
    assert stored(f"{WORK}/datasets/not ours") == ["file"]


def test_the_first_to_end_is_kept(machine: Machine) -> None:
    publish_at(TARGET, "first")
    machine("second")
    write(mirror_of(TARGET), "second")  # trained here at the same time
    send(mirror_of(TARGET))
    assert (mirror_of(TARGET) / "parts" / "ü 1").read_text() == "first"


def test_overwrite_replaces_it_for_all(machine: Machine) -> None:
    publish_at(TARGET, "first")
    machine("second")
    assert is_published(mirror_of(TARGET))
    publish_at(TARGET, "second", overwrite=True)
    machine("first")
    from recsys.storage import copies

    copies._known.clear()  # another process on the first machine
    assert (here(TARGET) / "parts" / "ü 1").read_text() == "second"


def test_until_what_replaces_it_is_sent_the_stores_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    publish_at(TARGET, "first")

    def die(paths: list[Path]) -> None:
        raise Killed

    monkeypatch.setattr(transfer, "remove", die)
    with pytest.raises(Killed):
        publish_at(TARGET, "second", overwrite=True)
    assert (here(TARGET) / "parts" / "ü 1").read_text() == "first"


@pytest.mark.parametrize("change", [b"two", None], ids=["changed", "missing"])
def test_what_arrives_is_held_to_the_manifest(change: bytes | None, machine: Machine) -> None:
    publish_at(TARGET)
    machine("second")
    spoiled = mirror_of(f"{TARGET}/parts/ü 1")
    if change is None:
        transfer.remove([spoiled])
    else:
        system, name = transfer._remote(spoiled)
        system.pipe_file(name, change)
    with pytest.raises(Exception, match=r"SHA-256 is .*, the manifest says|went away while it was fetched") as told:
        here(TARGET)
    assert TARGET in str(told.value).replace(str(mirror_of(WORK)), WORK)
    assert not mirror_of(TARGET).exists()
    assert list(mirror_of(TARGET).parent.iterdir()) == []


@pytest.mark.parametrize("name", ["../outside", "/etc/x", "a//b"])
def test_a_manifest_that_names_files_elsewhere_is_refused(name: str, machine: Machine) -> None:
    system, key = transfer._remote(mirror_of(f"{TARGET}/{MANIFEST}"))
    system.pipe_file(key, json.dumps({"kind": "dataset", "files": {name: "0" * 64}}).encode())
    with pytest.raises(ArtifactError, match="files must list what the artifact holds"):
        here(TARGET)


def test_one_that_is_damaged_stops_no_other(machine: Machine) -> None:
    publish_at(TARGET)
    publish_at(f"{WORK}/datasets/{OTHER}")
    system, name = transfer._remote(mirror_of(f"{TARGET}/stats"))
    system.pipe_file(name, b"")
    system.pipe_file(name.replace(NAME, "c" * 32).replace("stats", MANIFEST), b"no JSON")
    machine("second")
    first, last = fetch_below(mirror_of(f"{WORK}/datasets"))
    assert "stats: SHA-256 is" in first
    assert "not JSON" in last
    assert (mirror_of(f"{WORK}/datasets/{OTHER}") / MANIFEST).exists()
    assert [path.name for path, _ in manifests_below(mirror_of(WORK))] == [NAME, OTHER]


def test_a_runs_evaluations_come_with_it(machine: Machine) -> None:
    run = mirror_of(f"{WORK}/runs/{NAME}")
    write(run, "run", kind="run")
    send(run)
    publish_at(f"{WORK}/runs/{NAME}/evaluations/{OTHER}")
    machine("second")
    fetch_below(mirror_of(f"{WORK}/runs"))
    copy = mirror_of(f"{WORK}/runs/{NAME}")
    assert (copy / "evaluations" / OTHER / MANIFEST).exists()
    write(copy, "again", kind="run")
    send(copy, overwrite=True)
    assert f"evaluations/{OTHER}/{MANIFEST}" in stored(f"{WORK}/runs/{NAME}")


def sized(name: str, size: int, seconds_ago: float) -> Path:
    """A whole copy of so many bytes, last used so long ago."""
    path = mirror_of(f"{WORK}/datasets/{name}")
    path.mkdir(parents=True)
    (path / "data").write_bytes(b"0" * size)
    cache.mark(path, "version")
    used = time.time() - seconds_ago
    os.utime(path.with_name(f".{name}.copy"), (used, used))
    return path


def test_the_longest_unused_go_first_until_all_fit() -> None:
    oldest, older, newer = sized("one", 1000, 3000), sized("two", 2000, 2000), sized("three", 4000, 1000)
    cache.evict(7000)
    assert oldest.exists()
    cache.evict(5000)  # 7000 − 1000 is still too much, and 6000 − 2000 is not
    assert not oldest.exists()
    assert not older.exists()
    assert newer.exists()
    assert [path.name for path in newer.parent.iterdir() if path.name.startswith(".")] == [".three.copy"]


def test_what_a_living_process_uses_stays() -> None:
    used, unused = sized("one", 1000, 3000), sized("two", 1000, 2000)
    assert cache.use(used, "version")
    cache.evict(0)
    assert used.exists()
    assert not unused.exists()


def test_what_is_in_no_store_yet_stays() -> None:
    made = mirror_of(TARGET)
    write(made, "trained for a week")
    cache.evict(0)
    assert made.exists()


def test_a_run_stays_while_an_evaluation_of_it_is_in_no_store(machine: Machine) -> None:
    run = sized(f"{NAME}", 1000, 3000)
    write(run / "evaluations" / OTHER, "made here")
    cache.evict(0)
    assert run.exists()
    cache.mark(run / "evaluations" / OTHER, "sent")
    os.utime(run.with_name(f".{NAME}.copy"), (1, 1))
    cache.evict(0)
    assert not run.exists()


def test_what_was_let_go_is_fetched_again(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_at(TARGET)
    machine("second")
    monkeypatch.setenv(cache.SIZE_VARIABLE, "0")
    assert (here(TARGET) / "stats").exists()
    cache.drop(mirror_of(TARGET))
    assert (here(TARGET) / "stats").exists()


@pytest.mark.parametrize("text", ["much", "-1", "nan"])
def test_a_bound_that_is_no_size_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.SIZE_VARIABLE, text)
    with pytest.raises(Exception, match=f"{cache.SIZE_VARIABLE}='{text}': expected how many GB"):
        cache.bound()
