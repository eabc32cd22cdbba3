"""Which process made something: a name for this one, and whether the process of such a name is still there.

A lock tells as much, but not on every disk: some network file systems grant any lock to everybody.
"""

import hashlib
import os
import re
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

_OWNER = re.compile(r"(?P<machine>[0-9a-f]{12})-(?P<process>[0-9]+)-(?P<started>[0-9]+)")


def this_process() -> str:
    """A name for this process that no other has, on this machine or on one that shares its disk."""
    return f"{_machine()}-{os.getpid()}-{_started(os.getpid())}"


def is_gone(name: str) -> bool | None:
    """Whether the process whose ``this_process`` stands in ``name`` has ended; None where it is another machine's.

    Where none is named, nobody is there.
    """
    found = _OWNER.search(name)
    if found is None:
        return True
    if found["machine"] != _machine():
        return None
    return _started(int(found["process"])) != int(found["started"])


@cache
def _machine() -> str:
    """This machine since it was started, and its process numbers: containers may share a host's name."""
    facts = [socket.gethostname()]
    with suppress(OSError):  # a system without them has its host's name alone
        facts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        facts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]


def _started(process: int) -> int:
    """When a process started, in the system's own unit; 0 where only its being there is known, -1 where it is not."""
    try:
        state, *rest = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
        return -1 if state == b"Z" else int(rest[18])
    except (OSError, ValueError, IndexError):
        pass
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return -1
    except OSError:
        return 0
    return 0
