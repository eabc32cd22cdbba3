"""Standard output and error that take any text, whatever the terminal and its locale, and readers that go away."""

import codecs
import os
import select
import sys
from typing import TextIO

_ERRORS = "recsys-plain"
_PLAIN = {"→": "->", "←": "<-", "–": "-", "—": "-", "…": "...", "×": "x", "±": "+-", "’": "'", "≤": "<=", "≥": ">="}


def _plainer(error: UnicodeError) -> tuple[str | bytes, int]:
    """What a stream cannot spell, spelled otherwise."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(_PLAIN.get(one) or one.encode("ascii", "backslashreplace").decode() for one in bad), error.end


def open_streams() -> None:
    """Make both streams take any text; one that is closed takes it and drops it."""
    codecs.register_error(_ERRORS, _plainer)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 it lives as long as we
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_ERRORS)


def flush() -> None:
    """Write out what is buffered.

    Raises:
        BrokenPipeError: the reader is gone.
    """
    sys.stdout.flush()
    sys.stderr.flush()


def drop_gone_readers() -> bool:
    """Send a stream whose reader went away to nowhere, so that nothing complains at exit; says whether one had."""
    gone = [stream for stream in (sys.stdout, sys.stderr) if _is_gone(stream)]
    for stream in gone:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    return bool(gone)


def _is_gone(stream: TextIO) -> bool:
    try:
        look = select.poll()
        look.register(stream.fileno(), select.POLLOUT)
        return any(state & (select.POLLERR | select.POLLHUP) for _, state in look.poll(0))
    except (AttributeError, OSError, ValueError):  # no poll on this system, or no file behind the stream
        return False
