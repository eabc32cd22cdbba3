"""Text files as lines that end in a line feed: compressed ones unpacked, old Mac line ends turned."""

import bz2
import codecs
import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from recsys.core.errors import DataError

PIECE = 1 << 20
PACKED = {".gz": "gzip", ".bz2": "bzip2", ".zst": "zstd"}
_OPEN: dict[str | None, Callable[[Path], Any]] = {
    None: lambda file: file.open("rb"),
    "gzip": gzip.open,
    "bzip2": bz2.open,
    "zstd": lambda file: pa.input_stream(str(file), compression="zstd"),
}
_MARKS = {  # UTF-32's little end begins as UTF-16's does
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
# How files of another kind begin, and what to do with each.
_MAGIC = {
    b"\x1f\x8b": "gzip: give it the ending .gz",
    b"BZh": "bzip2: give it the ending .bz2",
    b"\x28\xb5\x2f\xfd": "zstd: give it the ending .zst",
    b"PAR1": "Parquet: give it the ending .parquet",
    b"PK\x03\x04": "a ZIP archive or a spreadsheet: unpack it, or save it as CSV",
    b"SQLite format 3": "a SQLite database: write its table as CSV",
}


def packing_of(file: Path) -> str | None:
    """What a file is compressed with, by its ending: ``gzip``, ``bzip2`` or ``zstd``; None where it is plain."""
    return PACKED.get(file.suffix.lower())


def plain_copy(file: Path, target: Path, limit: int | None = None) -> Path:
    """The file itself where it is plain, otherwise a copy at ``target`` (of its first ``limit`` bytes).

    A file is old Mac text where its first line ends in a carriage return alone; then each of them ends a line.

    Raises:
        DataError: the compressed stream is damaged, or what it holds is no text, or none of UTF-8.
    """
    try:
        with _OPEN[packing_of(file)](file) as source:
            piece = source.read(PIECE)
            _refuse_no_text(file, piece)
            mac = _is_mac(piece)
            if not packing_of(file) and not mac:
                return file
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as plain:
                written = 0
                while piece:
                    if mac:
                        while piece.endswith(b"\r") and (more := source.read(1)):
                            piece += more
                        piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
                    written += plain.write(piece)
                    if limit is not None and written >= limit:
                        break
                    piece = source.read(PIECE)
    except (EOFError, OSError, zlib.error, pa.ArrowException) as error:
        if not packing_of(file):
            raise
        raise DataError(
            f"{file}: the {packing_of(file)} stream is damaged or cut short ({error}); fetch the file again"
        ) from None
    return target


def _refuse_no_text(file: Path, start: bytes) -> None:
    kind = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)
    if kind:
        raise DataError(f"{file}: is no text, found {start[:16]!r}, which is {kind}")
    encoding = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    if encoding is None and b"\0" in start[:64]:
        encoding = "UTF-32" if b"\0\0" in start[1:64] else "UTF-16"
    if encoding:
        raise DataError(
            f"{file}: line 1 looks like {encoding}, found {start[:16]!r}; a log is UTF-8: "
            f"iconv -f {encoding} -t UTF-8 writes it so"
        )


def _is_mac(start: bytes) -> bool:
    first = start.find(b"\r")
    return first >= 0 and b"\n" not in start[: first + 2] and first + 1 < len(start)


def refuse_no_lines(file: BinaryIO, origin: Path) -> None:
    """Skip a byte order mark at the start of JSON Lines, and refuse JSON of another layout.

    Raises:
        DataError: the file begins as an array, or as an object that spans lines.
    """
    start = file.read(4096)
    marked = start.startswith(codecs.BOM_UTF8)
    file.seek(len(codecs.BOM_UTF8) if marked else 0)
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()
    first = text.partition(b"\n")[0].strip()
    if first in (b"{", b"[") or (first.startswith(b"[") and first[1:].lstrip()[:1] in (b"{", b"[", b'"')):
        kind = "one array" if first.startswith(b"[") else "an object over several lines"
        raise DataError(
            f"{origin}: looks like {kind}, found {first[:40]!r}; JSON Lines have one object a line: "
            f"jq -c '{'.[]' if first.startswith(b'[') else '.'}' writes it so"
        )
