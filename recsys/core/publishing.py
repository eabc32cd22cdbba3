"""How files and directories appear: written aside, checked, and made visible by one rename."""

import glob
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recsys.core.errors import ArtifactError
from recsys.core.locks import exclusive
from recsys.core.owners import is_gone, this_process

ASIDE = ".tmp-"  # in the name of what is still being written
OLD = ".old-"  # in the name of what is being replaced
OWNED = f".*{ASIDE}{'?' * 12}-*-*-{'?' * 8}"  # what ``_beside`` names, whatever its target
_GIVEN_UP: set[str] = set()  # names of what this process began, and left for another attempt to go on with
LONG = 24 * 3600.0  # seconds without a change, after which another machine's attempt is taken for dead


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A file that appears whole, by one rename: the block writes to the path that it is given."""
    aside = path.with_name(f".{path.name}{ASIDE}{uuid.uuid4().hex[:8]}")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def appearing_directory(path: Path) -> Iterator[Path]:
    """A directory that appears whole, by one rename; where it is there already, made of the same, it is kept."""
    aside = path.with_name(f".{path.name}{ASIDE}{uuid.uuid4().hex[:8]}")
    aside.mkdir(parents=True)
    try:
        yield aside
        _appear(aside, path, overwrite=False)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def is_published(target: Path, *, keep_parts: bool = False) -> bool:
    """Whether the artifact is there; one that a kill left half replaced is put back first.

    Args:
        keep_parts: what an attempt left behind stays, for ``publish`` to go on with.
    """
    if target.parent.exists():
        _clear_remains(target, keep_parts)
    return target.exists()


@contextmanager
def publish(
    target: Path, *, overwrite: bool = False, check: Callable[[Path], None] | None = None, parts: str | None = None
) -> Iterator[Path]:
    """A directory to write into, which becomes ``target`` by one rename when the block ends well.

    What an earlier, killed attempt left behind is cleared first; on an error nothing becomes visible. Where another
    process has made ``target`` meanwhile, its is kept: both are made of the same.

    Args:
        parts: a folder in it whose files appear whole. Those that an earlier attempt at ``target`` finished there are
            in it already, and those of this one outlive its failure.

    Raises:
        ArtifactError: ``target`` is already there and ``overwrite`` is false.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = _beside(target, ASIDE)
    if parts is not None:
        _take_over(target, aside, parts)
    _clear_remains(target)
    if target.exists() and not overwrite:
        raise ArtifactError(f"{target}: already there; pass --overwrite to make it again")
    aside.mkdir(exist_ok=parts is not None)
    try:
        yield aside
        if check is not None:
            check(aside)
        with exclusive(target.parent):
            _appear(aside, target, overwrite)
        parts = None
    finally:
        if parts is None or not _has_parts(aside / parts):
            shutil.rmtree(aside, ignore_errors=True)
        else:
            _GIVEN_UP.add(aside.name)


def _take_over(target: Path, aside: Path, parts: str) -> None:
    """Go on in ``aside`` with what an attempt at ``target`` that is over has finished, and with nothing else of it."""
    with exclusive(target.parent):
        earlier = filter(_is_left, target.parent.glob(f".{glob.escape(target.name)}{ASIDE}*"))
        left = next((one for one in earlier if _has_parts(one / parts)), None)
        if left is None:
            return
        left.replace(aside)
    for rest in (*aside.iterdir(), *(aside / parts).glob(".*")):
        if rest.is_file():
            rest.unlink()
        elif rest.name != parts:
            shutil.rmtree(rest)


def _has_parts(folder: Path) -> bool:
    return any(not file.name.startswith(".") for file in folder.glob("*"))


def _beside(target: Path, kind: str) -> Path:
    """A name beside ``target`` that no other attempt has; it says whose it is."""
    return target.with_name(f".{target.name}{kind}{this_process()}-{uuid.uuid4().hex[:8]}")


def _appear(aside: Path, target: Path, overwrite: bool) -> None:
    """Rename ``aside`` to ``target``, which may come and go meanwhile where the disk has no locks."""
    if target.exists() and overwrite:
        old = _beside(target, OLD)
        with suppress(FileNotFoundError):
            target.replace(old)
        try:
            _appear(aside, target, overwrite=False)
        finally:
            shutil.rmtree(old, ignore_errors=True)
    elif not target.exists():
        try:
            aside.replace(target)
        except OSError:
            if not target.exists():  # otherwise another process was faster, and made the same
                raise


def _clear_remains(target: Path, keep_parts: bool = False) -> None:
    """Take away what killed attempts left beside ``target``, and put back what one of them had put aside.

    Attempts at other targets are among them: tomorrow's artifact has another name, and nobody asks for today's again.
    """
    with exclusive(target.parent):
        for old in filter(_is_left, target.parent.glob(f".{glob.escape(target.name)}{OLD}*")):
            if target.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                with suppress(FileNotFoundError):
                    old.replace(target)
        own = f".{glob.escape(target.name)}{ASIDE}*"
        kept = set(target.parent.glob(own)) if keep_parts else set()
        for pattern in (own, OWNED):
            for stale in filter(_is_left, set(target.parent.glob(pattern)) - kept):
                shutil.rmtree(stale, ignore_errors=True)


def _is_left(aside: Path) -> bool:
    """Whether nobody works on ``aside`` any more; of another machine's process, when nothing changed for long."""
    if aside.name in _GIVEN_UP:
        return True
    gone = is_gone(aside.name)
    if gone is not None:
        return gone
    try:
        newest = max(path.stat().st_mtime for path in (aside, *aside.rglob("*")))
    except FileNotFoundError:  # it is being worked on
        return False
    return time.time() - newest > LONG
