"""Which columns of a log are read, and whether they are there."""

import re
from collections.abc import Sequence

from recsys.config.data import DataConfig
from recsys.core.errors import DataError
from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER, VALUE
from recsys.log.blocks import LogBlock
from recsys.log.event_types import BOUNDED

DELIMITERS = ",\t;|"
INDEX = re.compile(r"|Unnamed: \d+|__index_level_\d+__")  # names of what pandas writes beside the columns


def found_twice(name: str, names: Sequence[str]) -> str:
    """Where a name stands, for a message.

    >>> found_twice("user", ["user", "item", "user"])
    "column 'user' is found twice, as columns 1 and 3 of 3"
    """
    places = [str(number) for number, one in enumerate(names, 1) if one == name]
    times = "twice" if len(places) == 2 else f"{len(places)} times"
    return f"column {name!r} is found {times}, as columns {', '.join(places[:-1])} and {places[-1]} of {len(names)}"


def source_columns(data: DataConfig) -> dict[str, str]:
    """Our name of each column that is read, and the log's own."""
    columns = {USER: data.columns.user, ITEM: data.columns.item, TIMESTAMP: data.columns.timestamp}
    optional = {EVENT_ID: data.columns.event_id, EVENT_TYPE: data.columns.event_type, VALUE: data.columns.value}
    for ours, name in optional.items():
        if name is not None:
            columns[ours] = name
    bounded = {name for rule in data.event_types.values() for name in rule.at_least}
    return columns | {BOUNDED + name: name for name in sorted(bounded)}


def check_columns(blocks: list[LogBlock], data: DataConfig) -> None:
    """Refuse a log that lacks what the config names; JSON Lines may lack it row by row.

    Raises:
        DataError: names the file, the column, and the columns that are there.
    """
    for block in blocks:
        if block.format == "jsonl":
            continue
        for ours, name in source_columns(data).items():
            found = block.columns.count(name)
            if found > 1:
                raise DataError(f"{block.origin}: {found_twice(name, block.columns)}; leave one of them")
            if not found and name not in dict(block.partitions):
                raise DataError(
                    f"{block.origin}: column {name!r} ({ours}) is missing; the file has "
                    f"{', '.join(block.columns) or 'no columns'}. {_other_delimiter(block)}"
                    "Name the log's own columns in data.columns"
                )


def _other_delimiter(block: LogBlock) -> str:
    """What to do where a header was not split."""
    header = block.columns[0] if len(block.columns) == 1 else ""
    other = max(DELIMITERS, key=header.count)
    if other not in header:
        return ""
    return f"Its header is one field; where {other!r} stands between fields, set data.delimiter to it. "
