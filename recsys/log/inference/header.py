"""The first line of a CSV file: what splits it, and whether it names columns."""

import re
from pathlib import Path

from recsys.core.errors import DataError
from recsys.log.blocks import LogBlock
from recsys.log.columns import DELIMITERS
from recsys.log.files import delimiter_of
from recsys.log.formats import read_block
from recsys.log.unpacking import plain_copy

KIND_ROWS = 1000  # of a column that show what it holds


def guess_delimiter(file: Path, unpacked: Path, limit: int) -> str:
    """What stands most often in a CSV file's first line that is not blank; ``limit`` bytes of it are unpacked."""
    with plain_copy(file, unpacked, limit).open("rb") as lines:
        readable = iter(lambda: lines.readline(1 << 20), b"")
        first = next((line for line in readable if line.strip(b"\xef\xbb\xbf \r\n")), b"").decode("utf-8", "replace")
    return max(delimiter_of(file) + DELIMITERS, key=first.count)


def refuse_nameless(file: Path, block: LogBlock) -> None:
    """Raises DataError when the first line is an event: a name is a number or a moment, as the values below it are."""
    header = block.delimiter.join(block.columns)
    cells: dict[str, list[object]] = {}
    for name in dict.fromkeys(block.columns):
        kind = _kind(name)
        if not kind:
            continue
        if not cells:
            wanted = [column for column in block.columns if column]
            once = LogBlock(**{**vars(block), "columns": tuple(map(str, range(len(block.columns))))})
            places = {column: str(block.columns.index(column)) for column in wanted}
            table = read_block(once, places, frozenset()).table.slice(0, KIND_ROWS)
            cells = {column: table.column(column).to_pylist() for column in places}
        below = [str(cell) for cell in cells[name] if cell not in (None, "")]
        if below and sum(_kind(cell) == kind for cell in below) > 0.5 * len(below):
            raise DataError(
                f"{file}: the first row looks like an event, not a header, found {header!r} "
                f"with {name!r} above more of its kind; add a first line with column names, such as "
                f"{block.delimiter.join(('user_id', 'item_id', 'rating', 'timestamp'))}"
            )


def _kind(text: str) -> str | None:
    """What a cell holds beside words."""
    if re.fullmatch(r"[-+]?\d+(\.\d*)?(e[-+]?\d+)?", text.strip(), re.IGNORECASE):
        return "number"
    return "moment" if re.match(r"\d{4}-\d\d-\d\d", text.strip()) else None
