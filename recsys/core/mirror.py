"""Where this machine holds what lies in a store, such as a bucket: a directory of the cache that spells its URL.

``s3://bucket/work/runs/x`` is held in ``CACHE/stores/s3/bucket/work/runs/x``, so that a stage works on a path as
everywhere, and either name tells the other.
"""

import os
import re
from pathlib import Path

CACHE_VARIABLE = "RECSYS_CACHE"
STORES = ("s3", "gs", "hdfs", "abfs", "memory")  # schemes; memory is one process's own, for trials
_NO_HOST = "-"  # hdfs:///logs names none


def cache_dir() -> Path:
    """``RECSYS_CACHE``, or else ``recsys`` where this machine keeps caches."""
    named = os.environ.get(CACHE_VARIABLE)
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "recsys"
    return base.expanduser().resolve()


def stores_dir() -> Path:
    """Below it lie the copies of what is in stores."""
    return cache_dir() / "stores"


def mirror_of(url: str) -> Path:
    """Where what ``url`` names is held.

    Raises:
        ValueError: it is no URL of a store, or a part of it is empty, ``.`` or ``..``, which no file's name is.
    """
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in STORES:
        raise ValueError(f"{url!r} is a URL; expected a path on this machine, or a URL that begins {begins()}")
    host, *parts = rest.rstrip("/").split("/")
    is_hdfs = scheme.lower() == "hdfs"  # whose host may be a default
    if "\0" in rest or not (host or (is_hdfs and parts)) or {"", ".", ".."} & {*parts, host or _NO_HOST}:
        raise ValueError(f"{url!r}: between two slashes stands a name, other than . and ..; write {scheme}://BUCKET/…")
    return stores_dir().joinpath(scheme.lower(), host or _NO_HOST, *parts)


def begins() -> str:
    """How a store's URL may begin, for messages."""
    return ", ".join(f"{scheme}://" for scheme in STORES)


def url_of(path: Path) -> str | None:
    """The URL of what ``path`` holds a copy of; None for a path that is no copy."""
    try:
        scheme, host, *parts = path.relative_to(stores_dir()).parts
    except ValueError:  # it lies elsewhere, or above all buckets
        return None
    return f"{scheme}://{'/'.join(['' if host == _NO_HOST else host, *parts])}"


def with_urls(text: str | Path) -> str:
    """``text`` as people are to read it: a copy's path stands there as the URL of what it is a copy of."""
    written = str(text)
    root = str(stores_dir())
    if root not in written:
        return written
    # Not after a slash: sqlite:////home/… means the file itself.
    found = re.compile(rf"(?<![\w/]){re.escape(root)}/({'|'.join(STORES)})/({_NO_HOST}(?=/))?")
    return found.sub(lambda match: f"{match[1]}://", written)
