"""Locks on directories, held by processes: a lock ends with the process that holds it, however it ends.

Some network file systems grant any lock, or none. So a claim is also a file beside the directory that names the
process which holds it: another process of the same machine sees it there. Machines that share a disk without locks
do not see each other.

The package filelock would need a lock file beside each directory and the same claims, and be a dependency of phones,
to save the few lines of ``exclusive``.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from recsys.core.errors import BusyError
from recsys.core.owners import is_gone, this_process

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}  # of a disk that has none


@contextmanager
def exclusive(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a directory against other processes, and against other threads that open it anew.

    Raises:
        BlockingIOError: another has it, and ``wait`` is false.
    """
    import fcntl

    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        yield
    finally:
        os.close(handle)


@contextmanager
def claimed(path: Path, what: str) -> Iterator[None]:
    """As ``exclusive``, but refuses to wait. Raises BusyError: another process has it."""
    with ExitStack() as held:
        try:
            held.enter_context(exclusive(path, wait=False))
            claim = _write_claim(path)
        except BlockingIOError:
            raise BusyError(f"{what}: already under way in another process ({path}); wait for it or stop it") from None
        held.callback(claim.unlink, missing_ok=True)
        yield


def _write_claim(path: Path) -> Path:
    """The file that names this process as the holder of ``path``.

    Raises:
        BlockingIOError: it names another process, which is there.
    """
    claim = path.with_name(f".{path.name}.claim")
    for _ in range(2):
        try:
            file = os.open(claim, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            if _holder_is_gone(claim) is False:
                raise BlockingIOError from None
            claim.unlink(missing_ok=True)  # the lock is ours, so that nobody holds it
            continue
        with os.fdopen(file, "w", encoding="ascii") as opened:
            opened.write(this_process())
        return claim
    raise BlockingIOError


def _holder_is_gone(claim: Path) -> bool | None:
    try:
        return is_gone(claim.read_text(encoding="ascii", errors="replace"))
    except FileNotFoundError:
        return True
