"""The files of an event log: which they are, of what format, and whether somebody still writes to them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from recsys.core.errors import DataError
from recsys.core.local_path import before_wildcards
from recsys.log.unpacking import packing_of
from recsys.storage.files import fetch_files, is_mark, is_there

Format = Literal["csv", "jsonl", "parquet"]
SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".json": "jsonl", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet",
}  # fmt: skip
# What lies beside the files of a table that is no plain folder of Parquet, by who keeps such tables.
TABLES = {"Delta": "_delta_log/", "Hudi": ".hoodie/", "Iceberg": "metadata/*.metadata.json"}


def format_of(path: Path) -> Format:
    """A file's format, by its name; ``.gz``, ``.bz2`` and ``.zst`` are looked through.

    Raises:
        DataError: an ending that no format has.
    """
    suffix = _suffix(path)
    if suffix not in SUFFIXES:
        raise DataError(
            f"{path}: a log is read by its ending, one of {', '.join(SUFFIXES)} (or .gz, .bz2, .zst), found "
            f"{suffix!r}; rename it, or convert it"
        )
    return SUFFIXES[suffix]


def _suffix(path: Path) -> str:
    return (path.with_suffix("") if packing_of(path) else path).suffix.lower()


def _ending(path: Path) -> str:
    return "".join(path.suffixes[-1 - bool(packing_of(path)) :])


def delimiter_of(path: Path) -> str:
    """What a file's ending says of its delimiter."""
    return "\t" if _suffix(path) in (".tsv", ".tab") else ","


class FoundLog(NamedTuple):
    """A log's files.

    Attributes:
        files: in the order of their paths.
        passed_over: hidden and temporary ones.
        root: the folder that ``data.path`` names, or names in front of a glob; folders below it may hold columns.
    """

    files: list[Path]
    passed_over: list[Path]
    root: Path


def find_log(path: Path) -> FoundLog:
    """The files of a log given as one file, a folder, with all folders in it, or a glob; of a store, copies.

    Raises:
        DataError: there is none, one has an unknown ending, or a folder is a table that needs its keeper to be read.
    """
    fetch_files(path)
    if path.is_file():
        format_of(path)
        refuse_table_formats([path.parent])
        return FoundLog([path], [], path.parent)
    refuse_table_formats([path])
    root = path if path.is_dir() else before_wildcards(path)
    pattern = path.relative_to(root)
    matched = path.rglob("*") if path == root else root.glob(str(pattern))
    found = [file for file in matched if file.is_file() and not is_mark(file)]
    aside = {file for file in found if _is_aside(file.relative_to(root), pattern)}
    files = sorted(file for file in found if file not in aside)
    refuse_table_formats([file.parent for file in files])
    if not files:
        raise DataError(_no_files(path, len(aside)))
    strangers = [file for file in files if _suffix(file) not in SUFFIXES]
    if strangers and len(strangers) < len(files):
        known = next(file for file in files if file not in strangers)
        raise DataError(
            f"{strangers[0]}: is no log by its ending, as {known.name} is; where the others are the log, name them by "
            f"a glob, such as {known.parent}/*{_ending(known)}"
        )
    for file in files:
        format_of(file)
    return FoundLog(files, sorted(aside), root)


def _is_aside(file: Path, pattern: Path) -> bool:
    """Whether a file, or a folder on its way, is set aside by its name (.x, _x, x~, x.tmp) and not asked for."""
    marked = [part for part in file.parts if part.startswith((".", "_")) and part not in ("..", *pattern.parts)]
    asked = {part[0] for part in pattern.parts if part.startswith((".", "_"))}
    return any(part[0] not in asked for part in marked) or file.name.endswith(("~", ".tmp", ".crc", ".swp"))


def refuse_table_formats(folders: Iterable[Path]) -> None:
    """Raises DataError where a folder lies in a Delta, Iceberg or Hudi table: its files may hold rows that are gone."""
    for place in sorted({place for folder in folders for place in (folder, *folder.parents)}):
        kind = next((kind for kind, traces in TABLES.items() if is_there(place, traces)), None)
        if kind:
            raise DataError(
                f"{place}: is a table of {kind}, whose files also hold rows that were deleted; write its present rows "
                "as plain Parquet with the tool that keeps it, and name that folder in data.path"
            )


def _no_files(path: Path, aside: int) -> str:
    """Why a log has no files: all are set aside, or it is looked for in another place than its owner thinks."""
    if aside:
        return f"{path}: holds {aside:,} hidden or temporary files (.x, _x, x~, x.tmp, x.crc), and no others"
    tried = "" if path.is_absolute() else f" (tried {Path.cwd() / path}: paths are relative to the current directory)"
    return f"{path}: no such file, and no folder or glob with files in it{tried}; data.path names the event log"


def stamps_of(files: list[Path]) -> list[tuple[int, int]]:
    """Size and time of change of each file."""
    return [(found.st_size, found.st_mtime_ns) for found in (file.stat() for file in files)]


def refuse_changed(files: list[Path], stamps: list[tuple[int, int]]) -> None:
    """A log, or a table beside it, that changes while it is read would make a dataset that is not what its name says.

    Raises:
        DataError: names the file that is not as ``stamps_of`` found it.
    """
    for file, before, after in zip(files, stamps, stamps_of(files), strict=True):
        if before != after:
            raise DataError(
                f"{file}: changed while it was read ({before[0]:,} bytes before, {after[0]:,} after); "
                "run again when nobody writes to it"
            )
