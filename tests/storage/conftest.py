"""A store in this process's memory, and the caches of as many machines as a test needs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.core.mirror import CACHE_VARIABLE, mirror_of

Machine = Callable[[str], None]


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """``machine(NAME)``: from now on with that machine's cache, which begins empty. The store stays."""
    from fsspec.implementations.memory import MemoryFileSystem

    def become(name: str) -> None:
        monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / name))

    monkeypatch.setattr(MemoryFileSystem, "store", {})
    monkeypatch.setattr(MemoryFileSystem, "pseudo_dirs", [""])
    become("first")
    return become


def stored(url: str) -> list[str]:
    """The names of all files in the store below ``url``, relative to it."""
    from recsys.storage.transfer import listing

    root = mirror_of(url)
    return sorted(path.relative_to(root).as_posix() for path in listing(root))
