"""What reading gives: columns as they came, and the rows that have no columns."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

TEXT_LIMIT = 200  # characters of a refused row that are kept


@dataclass(frozen=True)
class Reject:
    """A refused row: why, where it stood, and how it began."""

    reason: str
    origin: str
    row: int
    text: str


@dataclass(frozen=True)
class RawBlock:
    """Rows as they were read.

    Attributes:
        table: the wanted columns under our names, types as they came.
        rows: ``[n] int64``, each row's number in its file.
        text: a row's beginning, by its position in the table.
        malformed: rows that could not be split into columns.
    """

    table: pa.Table
    rows: npt.NDArray[np.int64]
    text: Callable[[int], str]
    malformed: list[Reject] = field(default_factory=list)


def text_columns(names: Iterable[str], rows: list[list[Any]]) -> pa.Table:
    """Rows that were split into ``names`` one by one, as columns of bytes."""
    return pa.table({name: pa.array([row[c] for row in rows], pa.binary()) for c, name in enumerate(names)})


def shorten(text: str | bytes) -> str:
    """The beginning of a row, printable."""
    if isinstance(text, bytes):
        text = text[: 4 * TEXT_LIMIT].decode("utf-8", "backslashreplace")
    return text[:TEXT_LIMIT]


def block_lines(data: bytes, first_row: int, blank: bytes = b"\r") -> tuple[list[bytes], npt.NDArray[np.int64]]:
    """The lines of a block that hold more than ``blank`` bytes, and the number of each in its file."""
    if not any(data.startswith(one) or b"\n" + one in data for one in (b"\n", *(bytes([one]) for one in blank))):
        lines = data.split(b"\n")
        lines = lines if lines[-1] else lines[:-1]
        return lines, np.arange(first_row, first_row + len(lines))
    numbered = [(line, number) for number, line in enumerate(data.split(b"\n"), first_row) if line.strip(blank)]
    return [line for line, _ in numbered], np.array([number for _, number in numbered], np.int64)


def is_utf8(data: bytes) -> bool:
    """Whether bytes are text, judged at the speed of a copy."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
