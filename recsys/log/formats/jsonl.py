"""Blocks of JSON Lines."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.json as pajson

from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, USER
from recsys.log.blocks import LogBlock
from recsys.log.formats.raw import RawBlock, Reject, block_lines, is_utf8, shorten
from recsys.log.values.identifiers import EXACT

UNFIT = b"\xff"  # no UTF-8: what can be no id, which is refused as a bad one
DEEPEST = 100  # levels of a row: Python's own limit would depend on who calls, and Arrow has none
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKET = re.compile(rb"[\[\]{}]")
_ARROW_TYPES = {str: pa.string(), int: pa.int64(), float: pa.float64()}


def read_jsonl(block: LogBlock, columns: dict[str, str]) -> RawBlock:
    """Read one JSON object a line.

    Columns of one type are read whole; a block where a value changes its type, or a line is no object, is read
    line by line.
    """
    with Path(block.path).open("rb") as file:
        file.seek(block.start)
        data = file.read(block.end - block.start)
    lines, numbers = json_lines(data, block.row)
    deep = {i for i, line in enumerate(lines) if _is_deep(line)} if _may_be_deep(data, len(lines)) else set()
    schema = None if deep else _first_types(lines, columns)
    if schema is not None and is_utf8(data):
        try:
            table = pajson.read_json(
                pa.BufferReader(b"\n".join(lines)),
                read_options=pajson.ReadOptions(use_threads=False, block_size=len(data) + 1),
                parse_options=pajson.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
            )
        except pa.ArrowInvalid:
            pass
        else:
            if len(table) == len(lines):
                table = table.select(list(columns.values())).rename_columns(list(columns)).combine_chunks()
                return RawBlock(table, numbers, lambda i: shorten(lines[i]))
    good, malformed = [], []
    values: list[list[bytes | None]] = []
    for i, line in enumerate(lines):
        try:
            record = [] if i in deep else json.loads(line)
        except ValueError:
            record = []
        if record is None:
            record = {}  # as Arrow has it
        if isinstance(record, dict):
            good.append(i)
            values.append([_text(record.get(source), name) for name, source in columns.items()])
        else:
            malformed.append(Reject("malformed row", block.origin, int(numbers[i]), shorten(line)))
    arrays = [pa.array([row[c] for row in values], pa.binary()) for c in range(len(columns))]
    return RawBlock(
        pa.Table.from_arrays(arrays, names=list(columns)), numbers[good], lambda i: shorten(lines[good[i]]), malformed
    )


def json_lines(data: bytes, first_row: int) -> tuple[list[bytes], npt.NDArray[np.int64]]:
    """The lines of a block that are more than blanks, and the number of each in its file."""
    return block_lines(data, first_row, b" \t\r")


def _first_types(lines: list[bytes], columns: dict[str, str]) -> pa.Schema | None:
    """The schema that the first line suggests, or None where it suggests none."""
    try:
        record = json.loads(lines[0]) if lines else {}
        types = {name: _ARROW_TYPES[type(record[source])] for name, source in columns.items()}
    except (ValueError, KeyError, TypeError):
        return None
    ids = [types.get(name) for name in (USER, ITEM, EVENT_TYPE)]
    if pa.float64() in ids:  # line by line, where a number keeps its spelling
        return None
    return pa.schema([(columns[name], kind) for name, kind in types.items()])


def _text(value: Any, name: str) -> bytes | None:
    """A JSON value of our column ``name`` as text; None where it is no plain value (it is then missing)."""
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:  # half a surrogate pair
            return UNFIT
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    if isinstance(value, float) and name in (USER, ITEM, EVENT_TYPE):
        return str(int(value)).encode() if value.is_integer() and abs(value) <= EXACT else UNFIT
    if name == EVENT_ID and isinstance(value, float) and value.is_integer():
        return str(int(value)).encode()  # as where all of a block's numbers are written 3.0
    return str(value).encode()


def _may_be_deep(data: bytes, rows: int) -> bool:
    return data.count(b"{") + data.count(b"[") > rows + DEEPEST


def _is_deep(line: bytes) -> bool:
    """Whether a row nests more than ``DEEPEST`` levels."""
    if line.count(b"{") + line.count(b"[") <= DEEPEST:
        return False
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", line)):
        depth += 1 if bracket in b"{[" else -1
        if depth > DEEPEST:
            return True
    return False
