"""Paths as people type them, in arguments and configs."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:/")  # of two letters or more: C:/logs is a path on Windows


def local_path(text: str | Path) -> Path:
    """``text`` as a path on this machine, with ``~`` and ``~user`` filled in.

    >>> local_path("file:///data/log.csv")
    Traceback (most recent call last):
    ValueError: 'file:///data/log.csv' is a URL; write the path alone: /data/log.csv

    Raises:
        ValueError: it is a URL, empty, holds a NUL, or names the home of an unknown user.
    """
    typed = str(text)
    if _URL.match(typed):
        raise ValueError(f"{typed!r} is a URL; {_instead(typed)}")
    if not typed or "\0" in typed:
        raise ValueError(f"{typed!r} is no path")
    try:
        path = Path(typed) if typed.startswith("./") else Path(typed).expanduser()
    except RuntimeError:
        raise ValueError(f"{typed!r}: nobody here is called so; ./{typed} is a file of that name") from None
    return path.absolute() if str(path).startswith("~") else path  # so that it may be read again


def _instead(url: str) -> str:
    if url.lower().startswith("file:"):
        return f"write the path alone: {unquote(urlsplit(url).path)}"
    return "recsys reads and writes paths on this machine; copy it here or mount it, and name that path"
