"""What copies this machine keeps, and which it lets go when they are too many.

Beside each whole copy ``NAME`` lies ``.NAME.copy``: the version that it is a copy of, and, by its time of change, when
it was last used. What has no such file is never let go: it may be in no store yet. Each process that uses copies is
named in ``users/``; what may be in use is what was used since the oldest of those that live began.
"""

import os
import shutil
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from recsys.core.errors import ConfigError
from recsys.core.locks import exclusive
from recsys.core.mirror import cache_dir, stores_dir
from recsys.core.owners import is_gone, this_process
from recsys.core.publishing import LONG
from recsys.core.schema import MANIFEST

SIZE_VARIABLE = "RECSYS_CACHE_GB"
DEFAULT_GB = 50.0


def use(path: Path, version: str) -> bool:
    """Whether a whole copy of ``version`` is at ``path``; if so, it stays until this process ends."""
    _register(stores_dir())
    known = _mark_of(path)
    with exclusive(stores_dir()):
        try:
            if known.read_text(encoding="utf-8") != version or not path.exists():
                return False
        except FileNotFoundError:
            return False
        os.utime(known)
    return True


def mark(path: Path, version: str) -> None:
    """Say that ``path`` is a whole copy of ``version``, in use by this process."""
    _register(stores_dir())
    _mark_of(path).write_text(version, encoding="utf-8")


def is_marked(path: Path) -> bool:
    """Whether ``path`` is a whole copy."""
    return _mark_of(path).exists()


def unmark(path: Path) -> None:
    """Say that ``path`` is no copy any more: it is made anew here."""
    _mark_of(path).unlink(missing_ok=True)


def drop(path: Path) -> None:
    """Remove a copy."""
    unmark(path)
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def bound() -> float:
    """How many bytes copies may take.

    Raises:
        ConfigError: ``RECSYS_CACHE_GB`` is no such number.
    """
    named = os.environ.get(SIZE_VARIABLE) or str(DEFAULT_GB)
    try:
        size = float(named)
    except ValueError:
        size = -1.0
    if not size >= 0:
        raise ConfigError(f"{SIZE_VARIABLE}={named!r}: expected how many GB copies of stores may take, such as 50")
    return size * 1e9


def evict(most: float) -> None:
    """Let go of copies until all together take ``most`` bytes, the longest unused first, none that may be in use."""
    used = {file: found for file in stores_dir().rglob(".*.copy") if (found := _used(file))}
    sizes = {file: _size(_copy_of(file)) for file in used}
    total = sum(sizes.values())
    for file in sorted(used, key=lambda file: used[file]):
        if total <= most:
            return
        with exclusive(stores_dir()):
            last = _used(file)
            if last is None or last >= _oldest_user() or _holds_unsent(_copy_of(file)):
                continue
            drop(_copy_of(file))
        total -= sizes[file]


def _holds_unsent(path: Path) -> bool:
    """Whether an artifact lies in this one that is no copy, as an evaluation does that was made here."""
    return any(not is_marked(file.parent) for file in path.glob(f"*/*/**/{MANIFEST}"))


def _mark_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.copy")


def _copy_of(mark: Path) -> Path:
    return mark.with_name(mark.name.removeprefix(".").removesuffix(".copy"))


@cache
def _register(stores: Path) -> None:
    """Name this process among the users, before it uses anything; those that have ended are struck off."""
    users = cache_dir() / "users"
    for directory in (stores, users):
        directory.mkdir(parents=True, exist_ok=True)
    (users / this_process()).touch()
    for user in users.iterdir():
        if is_gone(user.name) and user.name != this_process():
            user.unlink(missing_ok=True)


def _oldest_user() -> int:
    """When the oldest living user of this cache began, in nanoseconds."""
    users = [user for user in (cache_dir() / "users").iterdir() if _lives(user)]
    return min((user.stat().st_mtime_ns for user in users), default=0)


def _lives(user: Path) -> bool:
    gone = is_gone(user.name)
    if gone is None:  # another machine's; it cannot be asked
        return time.time() - user.stat().st_mtime < LONG
    return not gone


def _used(mark: Path) -> int | None:
    """When the copy of ``mark`` was last used, in nanoseconds; None where it is gone."""
    with suppress(FileNotFoundError):
        return mark.stat().st_mtime_ns
    return None


def _size(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    total = 0
    for file in files:
        with suppress(FileNotFoundError):
            total += file.stat().st_size
    return total
