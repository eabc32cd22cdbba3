"""Blocks of JSON Lines."""

import json
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.json as pajson

from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, USER
from recsys.log.blocks import LogBlock
from recsys.log.formats.raw import RawBlock, Reject, block_lines, is_utf8, shorten, text_columns
from recsys.log.values.identifiers import EXACT

UNFIT = b"\xff"  # no UTF-8: what can be no id, which is refused as a bad one
DEEPEST = 100  # levels of a row: Python's own limit would depend on who calls, and Arrow has none
IDS = (USER, ITEM, EVENT_TYPE)
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKET = re.compile(rb"[\[\]{}]")
_ARROW_TYPES = {str: pa.string(), int: pa.int64(), float: pa.float64()}


def read_jsonl(block: LogBlock, columns: dict[str, str]) -> RawBlock:
    """Read one JSON object a line.

    Columns of one type are read whole; a block where a value changes its type, or a line is no object, is read
    line by line.
    """
    data = block.read()
    lines, numbers = json_lines(data, block.row)
    may_be_deep = data.count(b"{") + data.count(b"[") > len(lines) + DEEPEST
    deep = {i for i, line in enumerate(lines) if _is_deep(line)} if may_be_deep else set()
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
        if record is None or isinstance(record, dict):  # null is an empty object, as Arrow has it
            good.append(i)
            values.append([_text((record or {}).get(source), name) for name, source in columns.items()])
        else:
            malformed.append(Reject("malformed row", block.origin, int(numbers[i]), shorten(line)))
    return RawBlock(text_columns(columns, values), numbers[good], lambda i: shorten(lines[good[i]]), malformed)


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
    if pa.float64() in [types.get(name) for name in IDS]:  # line by line, where a number keeps its spelling
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
    if isinstance(value, float) and name in IDS:
        return str(int(value)).encode() if value.is_integer() and abs(value) <= EXACT else UNFIT
    if name == EVENT_ID and isinstance(value, float) and value.is_integer():
        return str(int(value)).encode()  # as where all of a block's numbers are written 3.0
    return str(value).encode()


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
