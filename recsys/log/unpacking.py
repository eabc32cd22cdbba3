"""Text files as lines that end in a line feed: compressed ones unpacked, old Mac line ends turned."""

import bz2
import codecs
import gzip
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from recsys.core.errors import DataError

PIECE = 1 << 20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def plain_copy(file: Path, target: Path, limit: int | None = None) -> Path:
    """The file itself where it is plain, otherwise a copy at ``target`` (of its first ``limit`` bytes).

    A file is old Mac text where its first line ends in a carriage return alone; then each of them ends a line.

    Raises:
        DataError: the compressed stream is damaged, or the text is UTF-16.
    """
    try:
        with _opened(file) as source:
            piece = source.read(PIECE)
            _refuse_utf16(file, piece)
            mac = _is_mac(piece)
            if file.suffix not in PACKED and not mac:
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
        if file.suffix not in PACKED:
            raise
        name = PACKED[file.suffix]
        raise DataError(f"{file}: the {name} stream is damaged or cut short ({error}); fetch the file again") from None
    return target


PACKED = {".gz": "gzip", ".bz2": "bzip2", ".zst": "zstd"}


def _opened(file: Path) -> BinaryIO:
    if file.suffix == ".gz":
        return cast(BinaryIO, gzip.open(file))
    if file.suffix == ".bz2":
        return cast(BinaryIO, bz2.open(file))
    if file.suffix == ".zst":
        return cast(BinaryIO, pa.input_stream(str(file), compression="zstd"))
    return file.open("rb")


def _refuse_utf16(file: Path, start: bytes) -> None:
    if start.startswith(_UTF16) or b"\0" in start[:64:2] or b"\0" in start[1:64:2]:
        raise DataError(
            f"{file}: line 1 looks like UTF-16, found {start[:16]!r}; a log is UTF-8: "
            "iconv -f UTF-16 -t UTF-8 writes it so"
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
    if first in (b"{", b"[") or first.startswith((b"[{", b'["')):
        kind = "one array" if first.startswith(b"[") else "an object over several lines"
        raise DataError(
            f"{origin}: looks like {kind}, found {first[:40]!r}; JSON Lines have one object a line: "
            f"jq -c '{'.[]' if first.startswith(b'[') else '.'}' writes it so"
        )
