"""The files of an event log: which they are, of what format, and whether somebody still writes to them."""

from pathlib import Path
from typing import Literal

from recsys.artefact import sha256_file
from recsys.errors import DataError

Format = Literal["csv", "jsonl", "parquet"]
SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}


def format_of(path: Path) -> Format:
    """A file's format, by its name; ``.gz`` is looked through.

    Raises:
        DataError: an ending that no format has.
    """
    suffix = _suffix(path)
    if suffix not in SUFFIXES:
        raise DataError(f"{path}: a log is read by its ending, one of {', '.join(SUFFIXES)} (or .gz), found {suffix!r}")
    return SUFFIXES[suffix]


def _suffix(path: Path) -> str:
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()


def log_files(path: Path) -> list[Path]:
    """The files of a log given as one file, a folder or a glob, in the order of their names.

    Raises:
        DataError: there is none, or one has an unknown ending.
    """
    if path.is_file():
        files = [path]
    elif path.is_dir():
        files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith((".", "_")))
    else:
        anchor = Path(path.anchor or ".")
        files = sorted(file for file in anchor.glob(str(path.relative_to(path.anchor))) if file.is_file())
    if not files:
        raise DataError(_no_files(path))
    for file in files:
        format_of(file)
    return files


def _no_files(path: Path) -> str:
    """Why a log has no files: they lie deeper, or it is looked for in another place than its owner thinks."""
    inside = sorted(path.glob("**/*")) if path.is_dir() else []
    deeper = next((file for file in inside if file.is_file() and _suffix(file) in SUFFIXES), None)
    if deeper is not None:
        ending = "".join(deeper.suffixes[-2:] if deeper.suffix == ".gz" else deeper.suffixes[-1:])
        return (
            f"{path}: no files in the folder itself, but {deeper} lies deeper; a folder is not searched through: "
            f"write data.path: {path}/**/*{ending}"
        )
    tried = "" if path.is_absolute() else f" (tried {Path.cwd() / path}: paths are relative to the current directory)"
    return f"{path}: no such file, and no folder or glob with files in it{tried}; data.path names the event log"


def content_hashes(files: list[Path]) -> list[str]:
    """SHA-256 of each file, sorted: the log's content, whatever its files are called."""
    return sorted(sha256_file(file) for file in files)


def stamps_of(files: list[Path]) -> list[tuple[int, int]]:
    """Size and time of change of each file."""
    return [(found.st_size, found.st_mtime_ns) for found in (file.stat() for file in files)]


def refuse_changed(files: list[Path], stamps: list[tuple[int, int]]) -> None:
    """A log that grows while it is read would make a dataset that is not what its name says.

    Raises:
        DataError: names the file that is not as ``stamps_of`` found it.
    """
    for file, before, after in zip(files, stamps, stamps_of(files), strict=True):
        if before != after:
            raise DataError(
                f"{file}: changed while it was read ({before[0]:,} bytes before, {after[0]:,} after); "
                "run again when nobody writes to it"
            )
