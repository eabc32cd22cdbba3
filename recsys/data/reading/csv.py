"""Blocks of CSV lines."""

import csv
import io
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from recsys.data.log import Block
from recsys.data.reading.raw import RawBlock, Reject, block_lines, is_utf8, shorten

_TEXT = pa.dictionary(pa.int32(), pa.string())


def read_csv(block: Block, columns: dict[str, str], whole_numbers: frozenset[str], delimiter: str) -> RawBlock:
    """Read CSV lines; a line is a row (values do not span lines).

    Three attempts, each slower and more forgiving: typed columns; columns of text, for values of another type; line
    by line, where quotes are not closed or bytes are not UTF-8. What becomes of a line is the same whichever one
    succeeds, and so whatever the other lines hold.
    """
    with Path(block.path).open("rb") as file:
        file.seek(block.start)
        data = file.read(block.end - block.start)
    typed = {name: pa.int64() if name in whole_numbers else _TEXT for name in columns}
    as_text = dict.fromkeys(columns, pa.string())
    whole = is_utf8(data) and _fields(data.rstrip(b"\r\n").rpartition(b"\n")[2], delimiter) is not None
    lines_of = cache(lambda: block_lines(data, block.row))
    for types in (typed, as_text) if whole else ():
        malformed: list[tuple[int, str]] = []
        try:
            table = _parse(data, block, columns, types, delimiter, malformed)
        except pa.ArrowInvalid:
            continue
        if len(table) == block.rows:  # the usual block: every line is a row
            rows = np.arange(block.row, block.row + len(table))
            return RawBlock(table, rows, lambda i: shorten(lines_of()[0][i]))
        lines, numbers = lines_of()
        if len(table) + len(malformed) == len(lines):
            bad = [number - 1 for number, _ in malformed]
            good = np.delete(np.arange(len(lines)), bad)
            return RawBlock(
                table,
                numbers[good],
                lambda i: shorten(lines[good[i]]),  # noqa: B023 (returned at once)
                [Reject("malformed row", block.origin, int(numbers[i]), shorten(lines[i])) for i in bad],
            )
    return _read_by_line(data, block, columns, delimiter)


def _parse(
    data: bytes,
    block: Block,
    columns: dict[str, str],
    types: dict[str, pa.DataType],
    delimiter: str,
    malformed: list[tuple[int, str]],
) -> pa.Table:
    def refuse(row: pacsv.InvalidRow) -> str:
        malformed.append((row.number, row.text))
        return "skip"

    table = pacsv.read_csv(
        io.BytesIO(data),
        read_options=pacsv.ReadOptions(column_names=block.columns, use_threads=False, block_size=len(data) + 1),
        parse_options=pacsv.ParseOptions(delimiter=delimiter, invalid_row_handler=refuse),
        convert_options=pacsv.ConvertOptions(
            include_columns=list(columns.values()),
            column_types={columns[name]: kind for name, kind in types.items()},
            null_values=[""],
        ),
    )
    return table.rename_columns(list(columns)).combine_chunks()


def _read_by_line(data: bytes, block: Block, columns: dict[str, str], delimiter: str) -> RawBlock:
    lines, numbers = block_lines(data, block.row)
    positions = [block.columns.index(source) for source in columns.values()]
    good: list[int] = []
    values: list[list[bytes]] = []
    malformed: list[Reject] = []
    for i, line in enumerate(lines):
        fields = _fields(line, delimiter)
        if fields is not None and len(fields) == len(block.columns):
            good.append(i)
            values.append([fields[p].encode("latin-1") for p in positions])
        else:
            malformed.append(Reject("malformed row", block.origin, int(numbers[i]), shorten(line)))
    arrays = [pa.array([row[c] for row in values], pa.binary()) for c in range(len(columns))]
    table = pa.Table.from_arrays(arrays, names=list(columns))
    return RawBlock(table, numbers[good], lambda i: shorten(lines[good[i]]), malformed)


def _fields(line: bytes, delimiter: str) -> list[str] | None:
    """A line's fields as Latin-1 bytes; None where a quote is not closed. Stray quotes stand for themselves."""
    end = "."  # one field more: an open quote would swallow it
    fields = next(csv.reader([line.rstrip(b"\r").decode("latin-1") + delimiter + end], delimiter=delimiter))
    return fields[:-1] if fields[-1] == end else None
