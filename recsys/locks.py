"""Locks on directories, held by processes: a lock ends with the process that holds it, however it ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recsys.errors import BusyError


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock of a directory against other processes, and against other threads that open it anew."""
    import fcntl

    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def claimed(path: Path, what: str) -> Iterator[None]:
    """As ``exclusive``, but refuses to wait.

    Raises:
        BusyError: another process has it.
    """
    import fcntl

    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BusyError(f"{what}: already under way in another process ({path}); wait for it or stop it") from None
    finally:
        os.close(handle)


def is_claimed(path: Path) -> bool:
    """Whether some process holds the lock of a directory; one that is gone is nobody's."""
    try:
        with claimed(path, str(path)):
            return False
    except FileNotFoundError:
        return False
    except BusyError:
        return True
