"""Logs and tables in stores, as files here."""

from pathlib import Path

from recsys.core.errors import DataError
from recsys.core.local_path import WILDCARDS
from recsys.core.mirror import url_of
from recsys.core.owners import is_gone, this_process
from recsys.core.publishing import ASIDE
from recsys.storage import cache, transfer

_UNFINISHED = "_temporary"  # where Spark's and Hadoop's jobs write until they are done


def fetch_files(path: Path) -> None:
    """Copy what ``path`` mirrors: a file, all files of a folder and those below it, or those that a glob matches.

    A file that is here already, by its size, time and tag, is not fetched again; one that has gone from the store goes
    here, too.

    Raises:
        DataError: a file changed while it was fetched.
        StorageError: the store cannot be reached, or refuses.
    """
    if url_of(path) is None:
        return
    found = _find(path)
    for file in _held(path):
        if file not in found and cache.is_marked(file):
            cache.drop(file)
    for folder in {file.parent for file in found}:
        for aside in folder.glob(f".*{ASIDE}*"):
            if is_gone(aside.name) and aside.is_file():  # a fetch that was killed
                aside.unlink(missing_ok=True)
    lacking = [file for file, entry in found.items() if not cache.use(file, entry.version)]
    asides = {file: file.with_name(f".{file.name}{ASIDE}{this_process()}") for file in lacking}
    try:
        transfer.get(asides.items())
        again = _find(path) if lacking else {}
        for file, aside in asides.items():
            if again.get(file) != found[file] or aside.stat().st_size != found[file].size:
                raise DataError(f"{file}: changed while it was fetched; run again when nobody writes to it")
        for file, aside in asides.items():
            cache.drop(file)
            aside.replace(file)
            cache.mark(file, found[file].version)
    finally:
        for aside in asides.values():
            aside.unlink(missing_ok=True)
    cache.evict(cache.bound())


def is_mark(file: Path) -> bool:
    """Whether a file is what the cache notes of another beside it, or of one that is being fetched."""
    named = file.name.startswith(".") and (file.name.endswith(".copy") or ASIDE in file.name)
    return named and url_of(file) is not None


def is_there(folder: Path, pattern: str) -> bool:
    """Whether something in ``folder`` matches ``pattern``, which may end in a slash; of a store's folder, there."""
    url = url_of(folder)
    if url is None:
        return any(folder.glob(pattern))
    inside = url.partition("://")[2].strip("/")
    return bool(inside) and bool(transfer.matching(folder / (f"{pattern}*" if pattern.endswith("/") else pattern)))


def _find(path: Path) -> dict[Path, transfer.Entry]:
    found = transfer.matching(path) if _is_glob(path) else transfer.listing(path)
    return {file: entry for file, entry in found.items() if _UNFINISHED not in file.parts}


def _held(path: Path) -> list[Path]:
    """What is here of it already."""
    if _is_glob(path):
        anchor = Path(path.anchor)
        return [file for file in anchor.glob(str(path.relative_to(anchor))) if file.is_file()]
    return [file for file in (path, *path.rglob("*")) if file.is_file()]


def _is_glob(path: Path) -> bool:
    return bool(WILDCARDS & set(str(url_of(path))))
