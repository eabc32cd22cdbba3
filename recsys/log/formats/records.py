"""CSV records that span lines: a quoted field may hold line ends (RFC 4180).

A line is a record of its own unless a quote is open at its end, and it makes a whole record, with as many fields as the
file has columns, together with the lines up to the one that closes it. So a stray quote spoils its own line alone.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from recsys.log.formats.fields import split_clean, split_fields

LONGEST = 1 << 20  # bytes of a record that spans lines


def joined_lines(lines: list[bytes], delimiter: bytes, width: int) -> Iterator[tuple[int, int]]:
    """The first and last line of each record that spans some, in their order.

    >>> list(joined_lines([b"u,i,1", b'u,"two', b'lines",2', b'u,"stray,3'], b",", 3))
    [(1, 2)]

    Args:
        lines: without their ends.
        width: how many columns the file has.
    """
    odd = [number for number, line in enumerate(lines) if line.count(b'"') % 2]
    at = 0
    while at + 1 < len(odd):
        first, last = odd[at], odd[at + 1]
        if is_open(lines[first], delimiter) and _is_record(lines[first : last + 1], delimiter, width):
            yield first, last
            at += 2
        else:
            at += 1


def is_open(line: bytes, delimiter: bytes) -> bool:
    """Whether a quote is open at the end of a line."""
    return split_fields(line, delimiter) is None


def join_records(
    data: bytes, first_row: int, delimiter: bytes, width: int
) -> tuple[list[bytes], npt.NDArray[np.int64]]:
    """The records of a block that are more than blanks, and the number of each one's first line in its file."""
    lines = data.split(b"\n")
    records: list[bytes] = []
    rows: list[int] = []
    done = 0
    for first, last in (*joined_lines(lines, delimiter, width), (len(lines), len(lines))):
        alone = [number for number in range(done, first) if lines[number].strip(b"\r")]
        records += [lines[number] for number in alone]
        rows += alone
        if first < len(lines):
            records.append(b"\n".join(lines[first : last + 1]))
            rows.append(first)
        done = last + 1
    return records, first_row + np.array(rows, np.int64)


def count_records(data: bytes, delimiter: bytes, width: int, *, more: bool) -> tuple[int, int, bool]:
    """``(bytes, records, spans)``: how much of whole lines can be read by itself, and whether a record spans lines.

    Args:
        data: whole lines.
        more: the file goes on, so that a record which is open at the end may, too; it is then left to the next block.
    """
    lines = data.split(b"\n")
    lines = lines if lines[-1] else lines[:-1]
    joined = list(joined_lines(lines, delimiter, width))
    size, count = len(data), len(lines)
    if more:
        after = joined[-1][1] + 1 if joined else 0
        odd = [number for number in range(after, len(lines)) if lines[number].count(b'"') % 2]
        opened = next((number for number in reversed(odd) if is_open(lines[number], delimiter)), None)
        rest = 0 if opened is None else sum(len(line) + 1 for line in lines[opened:])
        if opened and rest <= LONGEST:
            size, count = size - rest, opened
    return size, count - sum(last - first for first, last in joined), bool(joined)


def _is_record(lines: list[bytes], delimiter: bytes, width: int) -> bool:
    if sum(map(len, lines)) > LONGEST:
        return False
    fields, clean = split_clean(b"\n".join(lines).rstrip(b"\r"), delimiter)
    return fields is not None and clean and len(fields) == width
