"""Paths as people type them, in arguments and configs."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from recsys.core.mirror import STORES, mirror_of

WILDCARDS = set("*?[")
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
    if is_url(typed):
        raise ValueError(f"{typed!r} is a URL; {_instead(typed)}")
    if not typed or "\0" in typed:
        raise ValueError(f"{typed!r} is no path")
    try:
        path = Path(typed) if typed.startswith("./") else Path(typed).expanduser()
    except RuntimeError:
        raise ValueError(f"{typed!r}: nobody here is called so; ./{typed} is a file of that name") from None
    return path.absolute() if str(path).startswith("~") else path  # so that it may be read again


def is_url(text: str | Path) -> bool:
    """Whether it is written as a URL; ``C:/logs`` is a path on Windows."""
    return _URL.match(str(text)) is not None


def place(text: str | Path) -> Path:
    """As ``local_path``; a store's URL becomes the path where this machine holds a copy. Nothing is fetched yet.

    Raises:
        ValueError: as ``local_path``, of a URL that no store has.
    """
    typed = str(text)
    if not is_url(typed) or typed.lower().startswith("file:"):
        return local_path(typed)
    if "://" not in typed and typed.partition(":")[0].lower() in STORES:
        raise ValueError(f"{typed!r}: a URL has two slashes after its colon; a Path drops one, so give it as text")
    return mirror_of(typed)


def before_wildcards(path: Path) -> Path:
    """The folder that a glob names in front of its first wildcard; a path without one as it is."""
    count = next((place for place, part in enumerate(path.parts) if WILDCARDS & set(part)), len(path.parts))
    return Path(*path.parts[:count])


def _instead(url: str) -> str:
    if url.lower().startswith("file:"):
        return f"write the path alone: {unquote(urlsplit(url).path)}"
    return "here recsys reads and writes a path on this machine; copy it here or mount it, and name that path"
