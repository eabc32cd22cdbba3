"""Publishing: whole or not at all, and never in another's way."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recsys.core.errors import ArtifactError, BusyError
from recsys.core.locks import claimed
from recsys.core.owners import this_process
from recsys.core.publishing import ASIDE, LONG, OLD, publish

OF_THIS = "from recsys.core.owners import *; print(this_process())"


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


def test_what_a_killed_attempt_at_another_artifact_left_goes_too(tmp_path: Path) -> None:
    dead, living = of_another_process(OF_THIS), this_process()
    for name in (f".yesterdays.tmp-{dead}-0123abcd", f".other.tmp-{living}-0123abcd", ".notes.tmp-mine"):
        (tmp_path / name).mkdir()
    with publish(tmp_path / "todays"):
        pass
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".notes.tmp-mine", f".other.tmp-{living}-0123abcd", "todays"], "a strange or living one was swept"


def refuse() -> None:
    raise ArtifactError("not what it should be")


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
    dead = tmp_path / f".made{ASIDE}{of_another_process(OF_THIS)}-12"
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
