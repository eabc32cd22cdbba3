"""Blocks of CSV lines."""

import io
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from recsys.log.blocks import LogBlock
from recsys.log.formats.fields import split_fields
from recsys.log.formats.raw import RawBlock, Reject, block_lines, is_utf8, shorten, text_columns
from recsys.log.formats.records import join_records

_TEXT = pa.dictionary(pa.int32(), pa.string())


def read_csv(block: LogBlock, columns: dict[str, str], whole_numbers: frozenset[str]) -> RawBlock:
    """Read CSV lines; a line is a row, but where the block has values that span lines, which is slower to read.

    Three attempts, each slower and more forgiving: typed columns; columns of text, for values of another type; and
    the lines with a quote, a bare carriage return, other bytes than UTF-8 or another number of fields one by one, and
    the rest as text. What becomes of a line is the same whichever one succeeds, and so whatever the other lines hold.
    """
    data = block.read()
    if block.spans_lines:
        return _read_apart(*join_records(data, block.row, block.delimiter.encode(), len(block.columns)), block, columns)
    typed = {name: pa.int64() if name in whole_numbers else _TEXT for name in columns}
    as_text = dict.fromkeys(columns, pa.string())
    lines_of = cache(lambda: block_lines(data, block.row))
    for types in (typed, as_text) if _is_plain(data, block) else ():
        malformed: list[int] = []
        try:
            table = _parse(data, block, columns, types, malformed)
        except pa.ArrowInvalid:
            continue
        if len(table) == block.rows:  # the usual block: every line is a row
            rows = np.arange(block.row, block.row + len(table))
            return RawBlock(table, rows, lambda i: shorten(lines_of()[0][i]))
        if not malformed and len(table) == len(lines_of()[0]):  # blank lines among them
            return RawBlock(table, lines_of()[1], lambda i: shorten(lines_of()[0][i]))
    return _read_apart(*lines_of(), block, columns)


def _is_plain(data: bytes, block: LogBlock) -> bool:
    """Whether Arrow sees the same lines and fields as we do; a single byte is looked for first, at memory's speed."""
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return False
    if (b"\\" in data and b'\\"' in data) or not is_utf8(data):
        return False
    end = len(data)
    while end and data[end - 1] in b"\r\n":
        end -= 1
    last = data[data.rfind(b"\n", 0, end) + 1 : end]
    return split_fields(last, block.delimiter.encode()) is not None


def _parse(
    data: bytes, block: LogBlock, columns: dict[str, str], types: dict[str, pa.DataType], malformed: list[int]
) -> pa.Table:
    def refuse(row: pacsv.InvalidRow) -> str:
        malformed.append(row.number or 0)
        return "skip"

    table = pacsv.read_csv(
        io.BytesIO(data),
        read_options=pacsv.ReadOptions(column_names=block.columns, use_threads=False, block_size=len(data) + 1),
        parse_options=pacsv.ParseOptions(delimiter=block.delimiter, invalid_row_handler=refuse),
        convert_options=pacsv.ConvertOptions(
            include_columns=list(columns.values()),
            column_types={columns[name]: kind for name, kind in types.items()},
            null_values=[""],
        ),
    )
    return table.rename_columns(list(columns)).combine_chunks()


def _read_apart(
    lines: list[bytes], numbers: npt.NDArray[np.int64], block: LogBlock, columns: dict[str, str]
) -> RawBlock:
    """Read plain lines together and the others one by one."""
    delimiter, width = block.delimiter.encode(), len(block.columns)
    least = max(place for place, name in enumerate(block.columns, 1) if name)  # the header may end in a delimiter
    odd = [i for i, line in enumerate(lines) if line.count(delimiter) + 1 != width or not _is_plain_line(line)]
    plain = np.delete(np.arange(len(lines)), odd)
    positions = [block.columns.index(source) for source in columns.values()]
    good: list[int] = []
    values: list[list[bytes]] = []
    malformed: list[Reject] = []
    for i in odd:
        fields = split_fields(lines[i].rstrip(b"\r"), delimiter)
        if fields is not None and len(fields) >= least and not any(fields[width:]):  # empty ones more: no harm
            good.append(i)
            values.append([fields[p] if p < len(fields) else b"" for p in positions])
        else:
            malformed.append(Reject("malformed row", block.origin, int(numbers[i]), shorten(lines[i])))
    table = text_columns(columns, values)
    if len(plain):
        data = b"\n".join([lines[i] for i in plain])
        together = _parse(data, block, columns, dict.fromkeys(columns, pa.binary()), [])
        table = pa.concat_tables([together, table])
    kept = np.concatenate([plain, np.array(good, np.int64)])
    order = np.argsort(kept)
    kept, table = kept[order], table.take(pa.array(order)).combine_chunks()
    return RawBlock(table, numbers[kept], lambda i: shorten(lines[kept[i]]), malformed)


def _is_plain_line(line: bytes) -> bool:
    return b'"' not in line and b"\r" not in line.removesuffix(b"\r") and is_utf8(line)
