"""Publishing: whole or not at all, and never in another's way."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recsys.core.artifact import (
    ASIDE,
    DEEPEST,
    LONG,
    OLD,
    artifacts,
    check_files,
    file_hashes,
    publish,
    read_json,
    read_manifest,
)
from recsys.core.errors import ArtifactError, BusyError
from recsys.core.locks import claimed
from recsys.core.owners import this_process


def test_nothing_is_visible_before_the_end(tmp_path: Path) -> None:
    with publish(tmp_path / "made") as aside:
        (aside / "file").write_text("content")
        assert not (tmp_path / "made").exists()
    assert (tmp_path / "made" / "file").read_text() == "content"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), publish(tmp_path / "made") as aside:
        (aside / "file").write_text(str(1 / 0))
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_clobbered_unless_asked(tmp_path: Path) -> None:
    for content in ("one", "two"):
        with publish(tmp_path / "made", overwrite=content == "two") as aside:
            (aside / "file").write_text(content)
    assert (tmp_path / "made" / "file").read_text() == "two"
    with pytest.raises(ArtifactError, match="--overwrite"), publish(tmp_path / "made"):
        pass


def test_what_a_killed_attempt_left_goes_and_a_living_one_stays(tmp_path: Path) -> None:
    (tmp_path / ".made.tmp-dead").mkdir()
    with publish(tmp_path / "made") as living:
        with pytest.raises(ArtifactError), publish(tmp_path / "made", check=lambda path: refuse()):
            assert living.exists(), "another attempt at the same artifact was swept away"
        assert not (tmp_path / ".made.tmp-dead").exists()
        (living / "file").write_text("content")
    assert (tmp_path / "made" / "file").exists()


def refuse() -> None:
    raise ArtifactError("not what it should be")


@pytest.mark.parametrize("name", ["../outside", "/etc/hosts", "a/../../outside"])
def test_names_that_point_outside_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "inside").mkdir()
    with pytest.raises(ArtifactError, match="points outside"):
        check_files(tmp_path / "inside", {name: "0" * 64}, "bundle")


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("one")
    hashes = file_hashes(tmp_path)
    (tmp_path / "file").write_text("two")
    with pytest.raises(ArtifactError, match=r"file: SHA-256 is .* damaged"):
        check_files(tmp_path, hashes, "run")


def test_a_kill_while_replacing_leaves_the_old_one(tmp_path: Path) -> None:
    # Killed between the two renames: the old one is aside, and nothing bears the name.
    (tmp_path / ".made.old-dead").mkdir()
    (tmp_path / ".made.old-dead" / "file").write_text("old")
    with pytest.raises(ArtifactError, match="already there"), publish(tmp_path / "made"):
        pass
    assert (tmp_path / "made" / "file").read_text() == "old"


def test_what_another_has_made_meanwhile_is_kept(tmp_path: Path) -> None:
    with publish(tmp_path / "made") as slow:
        (slow / "file").write_text("slow")
        with publish(tmp_path / "made") as fast:
            (fast / "file").write_text("fast")
        assert slow.exists()
    assert (tmp_path / "made" / "file").read_text() == "fast"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_nobody_sweeps_away_what_is_being_checked(tmp_path: Path) -> None:
    def check(aside: Path) -> None:
        with publish(tmp_path / "made"):
            pass
        assert aside.exists()

    with publish(tmp_path / "made", check=check):
        pass


@pytest.fixture(params=["grants any", "has none", "works"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the disk's locks do."""

    def none(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    if request.param != "works":
        monkeypatch.setattr("fcntl.flock", none if request.param == "has none" else lambda handle, how: None)
    return str(request.param)


def of_another_process(code: str) -> str:
    """What a Python process that runs to its end prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_living_attempts_stay_and_dead_ones_go_on_any_disk(disk: str, tmp_path: Path) -> None:
    dead = tmp_path / f".made{ASIDE}{of_another_process('from recsys.core.owners import *; print(this_process())')}-12"
    dead.mkdir()
    (tmp_path / f".made{ASIDE}{this_process()}-fresh").mkdir()  # of another thread, that has only just begun
    with publish(tmp_path / "made") as slow:
        (slow / "file").write_text("slow")
        with publish(tmp_path / "made") as fast:
            (fast / "file").write_text("fast")
        assert slow.exists()
        assert not dead.exists()
    assert (tmp_path / "made" / "file").read_text() == "fast"
    assert sorted(path.name for path in tmp_path.iterdir()) == [f".made{ASIDE}{this_process()}-fresh", "made"]


def test_another_machines_attempt_goes_when_nothing_has_changed_for_long(tmp_path: Path) -> None:
    fresh, stale = (tmp_path / f".made{ASIDE}0123456789ab-1-1-{number}" for number in range(2))
    for aside in (fresh, stale):
        aside.mkdir()
        (aside / "file").write_text("half")
    for path in (stale / "file", stale):
        os.utime(path, (time.time() - LONG - 60,) * 2)
    with publish(tmp_path / "made"):
        pass
    assert fresh.exists()
    assert not stale.exists()


def test_what_another_is_replacing_is_left_to_it(disk: str, tmp_path: Path) -> None:
    replaced = tmp_path / f".made{OLD}{this_process()}-1"
    replaced.mkdir()
    with publish(tmp_path / "made") as aside:
        (aside / "file").write_text("new")
    assert replaced.exists()
    assert (tmp_path / "made" / "file").read_text() == "new"


def test_replacing_at_once_leaves_one_of_them_whole(disk: str, tmp_path: Path) -> None:
    with publish(tmp_path / "made") as aside:
        (aside / "file").write_text("old")
    with publish(tmp_path / "made", overwrite=True) as slow:
        (slow / "file").write_text("slow")
        with publish(tmp_path / "made", overwrite=True) as fast:
            (fast / "file").write_text("fast")
    assert (tmp_path / "made" / "file").read_text() == "slow"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_a_claim_holds_on_any_disk_and_ends_with_its_process(disk: str, tmp_path: Path) -> None:
    work = tmp_path / "run"
    work.mkdir()
    claim = tmp_path / ".run.claim"
    claim.write_text(of_another_process("from recsys.core.owners import *; print(this_process())"))
    with claimed(work, "training run"):
        assert claim.read_text() == this_process()
        with pytest.raises(BusyError, match="training run: already under way"), claimed(work, "training run"):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    with claimed(work, "training run"):
        pass


def test_half_written_ones_are_not_found(tmp_path: Path) -> None:
    for name in ("whole", ".whole.tmp-1", "empty"):
        (tmp_path / name).mkdir()
        if name != "empty":
            (tmp_path / name / "manifest.json").write_text("{}")
    assert artifacts(tmp_path) == [tmp_path / "whole"]
    assert artifacts(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[" * 400_000, "recursion"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "nested deeper"),
        (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), "nested deeper"),
        (b"1" * 5000, "4300 digits"),
        (b"[NaN]", "NaN is no JSON"),
        (b'{"a": -Infinity}', "-Infinity is no JSON"),
        (b'["\\ud800"]', "surrogates"),
        (b'{"\\udfff": 1}', "surrogates"),
        (b'{"a": "\xff"}', "utf-8"),
        (b"", "Expecting value"),
    ],
)
def test_json_that_no_program_here_wrote_is_refused(tmp_path: Path, text: bytes, reason: str) -> None:
    (tmp_path / "manifest.json").write_bytes(text)
    with pytest.raises(ArtifactError, match=rf"manifest\.json: not JSON \(.*{reason}"):
        read_json(tmp_path / "manifest.json")
    with pytest.raises(ArtifactError, match="make the bundle again"):
        read_manifest(tmp_path, "bundle", 1)


def test_json_as_deep_as_any_is_read(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text("[" * DEEPEST + "]" * DEEPEST)
    value = read_json(tmp_path / "deep.json")
    for _ in range(DEEPEST - 1):
        (value,) = value
    assert value == []


def test_a_place_that_holds_no_manifest_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match="file: no bundle that can be read here"):
        read_manifest(tmp_path / "file", "bundle", 1)
    (tmp_path / "odd" / "manifest.json").mkdir(parents=True)
    with pytest.raises(ArtifactError, match="odd: no bundle that can be read here"):
        read_manifest(tmp_path / "odd", "bundle", 1)


@pytest.mark.parametrize("version", ["true", "1.0", "0", '"1"', "null"])
def test_a_version_is_a_positive_integer(tmp_path: Path, version: str) -> None:
    (tmp_path / "manifest.json").write_text('{"kind": "bundle", "format_version": ' + version + "}")
    with pytest.raises(ArtifactError, match="positive integer"):
        read_manifest(tmp_path, "bundle", 1)
