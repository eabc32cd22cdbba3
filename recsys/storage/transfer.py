"""Bytes between a store and its copy here. Every function takes the copy's path and reaches for what it mirrors."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from recsys.core.artifact import is_inside
from recsys.core.local_path import before_wildcards
from recsys.core.mirror import url_of
from recsys.storage.errors import StorageError, told

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_CHANGED = ("LastModified", "updated", "mtime", "last_modified", "created")  # what drivers call it
_WHOLE = {"s3", "gs", "abfs", "memory"}  # stores in which an object appears all at once, by itself


@dataclass(frozen=True)
class Entry:
    """A file in a store.

    Attributes:
        version: what changes whenever its content does, as far as the store tells.
        changed: seconds since the epoch, None where the store does not tell.
    """

    size: int
    version: str
    changed: float | None


def read(path: Path) -> bytes | None:
    """The content of a small file; None where there is none."""
    try:
        with told(path):
            system, name = _remote(path)
            return bytes(system.cat_file(name))
    except FileNotFoundError:
        return None


def listing(path: Path) -> dict[Path, Entry]:
    """The files at or below ``path`` in the store, by the paths of their copies, in the order of these."""
    with told(path):
        system, name = _remote(path)
        found: dict[str, dict[str, Any]] = system.find(name, detail=True)
    return dict(sorted(_copies(path, name, found).items()))


def matching(path: Path) -> dict[Path, Entry]:
    """The files in the store that the glob ``path`` matches; as ``listing``."""
    root = before_wildcards(path)
    with told(path):
        system, name = _remote(path)
        found: dict[str, dict[str, Any]] = system.glob(name, detail=True)
        base = _remote(root)[1]
        if not found:
            system.find(base, maxdepth=1)  # a glob does not tell that there is no bucket
    return dict(sorted(_copies(root, base, found).items()))


def get(copies: Iterable[tuple[Path, Path]]) -> None:
    """Copy files of the store, given by the path that mirrors each, to the other path of each pair.

    Raises:
        StorageError: one of them is not there any more.
    """
    pairs = list(copies)
    if not pairs:
        return
    with told(pairs[0][0]):
        system, _ = _remote(pairs[0][0])
        for _, target in pairs:
            target.parent.mkdir(parents=True, exist_ok=True)
        try:
            system.get([_remote(source)[1] for source, _ in pairs], [str(target) for _, target in pairs])
        except FileNotFoundError as error:
            raise StorageError(
                f"{url_of(pairs[0][0].parent)}: a file went away while it was fetched ({error}); run it again"
            ) from error


def put(paths: list[Path]) -> None:
    """Send files to where the store has them."""
    put_at((path, path) for path in paths)


def put_at(copies: Iterable[tuple[Path, Path]]) -> None:
    """As ``get``, the other way: files of this machine, each to what the second path of its pair mirrors."""
    pairs = list(copies)
    if pairs:
        with told(pairs[0][1]):
            system, _ = _remote(pairs[0][1])
            system.put([str(file) for file, _ in pairs], [_remote(target)[1] for _, target in pairs])


def read_part(path: Path, start: int, end: int) -> bytes:
    """Bytes ``[start, end)`` of a file."""
    with told(path):
        system, name = _remote(path)
        return bytes(system.cat_file(name, start=start, end=end))


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A file of the store, read piece by piece as it is asked for."""
    with told(path):
        system, name = _remote(path)
        with system.open(name, "rb") as file:
            yield file


def put_whole(path: Path) -> None:
    """Send one small file; a reader sees all of it or nothing."""
    with told(path):
        system, name = _remote(path)
        if str(url_of(path)).partition("://")[0] in _WHOLE:
            system.pipe_file(name, path.read_bytes())
            return
        parent, _, last = name.rpartition("/")
        aside = f"{parent}/.{last}.tmp-{uuid.uuid4().hex[:8]}"
        system.pipe_file(aside, path.read_bytes())
        system.mv(aside, name)


def remove(paths: list[Path]) -> None:
    """Remove files from the store."""
    if paths:
        with told(paths[0]):
            system, _ = _remote(paths[0])
            system.rm([_remote(path)[1] for path in paths])


def _remote(path: Path) -> "tuple[AbstractFileSystem, str]":
    """The store that ``path`` mirrors a part of, and what the store calls that part."""
    url = url_of(path)
    assert url is not None, path
    from fsspec.core import url_to_fs

    system, name = url_to_fs(url, use_listings_cache=False)  # others write to it, too
    return system, str(name)


def _copies(path: Path, name: str, found: dict[str, dict[str, Any]]) -> dict[Path, Entry]:
    entries = {}
    for key, facts in found.items():
        inside = key.removeprefix(name).lstrip("/")
        if facts.get("type") == "file" and (not inside or is_inside(inside)):  # other keys no file can be called
            entries[path / inside if inside else path] = _entry(facts)
    return entries


def _entry(facts: dict[str, Any]) -> Entry:
    at = next((facts[key] for key in _CHANGED if facts.get(key) is not None), None)
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    seconds = at.timestamp() if isinstance(at, datetime) else at
    size = int(facts.get("size") or 0)
    marks = [str(facts.get(key, "")) for key in ("ETag", "etag", "md5Hash", "generation")]
    return Entry(size, f"{size} {seconds} {' '.join(marks).strip()}", seconds)
