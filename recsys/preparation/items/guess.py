"""What an item table beside a log most likely says of its items, and why: for ``recsys init``.

A person has the last word: what is proposed stands in a config with its reason, what is left out in a comment with
the reason for that.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.data import NULL_VALUES
from recsys.core.errors import DataError
from recsys.core.schema import ITEM, TIMESTAMP
from recsys.log.columns import INDEX
from recsys.log.values.dictionaries import without_dictionary
from recsys.log.values.identifiers import ids_as_text
from recsys.log.values.nulls import blank_nulls
from recsys.preparation.items.file import read_item_file
from recsys.preparation.items.kinds import Left, Proposed, guess_kind

TITLES = r"\b(title|name|headline)s?\b|(title|name)$"
LEAST = 30  # items of the log, for a rank correlation to tell something
FOLLOWS = 0.9  # rank correlation from which on a column looks as if it were counted from events
EQUAL = 0.9  # share of items whose first event has a column's value from which on it looks taken from the log
UNITS = (1_000, 1, 0.001)  # milliseconds that a number may count: a log's times are in any of these


class LoggedItems(NamedTuple):
    """What the first rows of a log say of its items.

    Attributes:
        names: ``[n]`` external ids, each once.
        counts: ``[n]`` events of each.
        newest: ``[n]`` time of the last of them, in milliseconds.
        oldest: ``[n]`` time of the first.
    """

    names: pa.Array
    counts: npt.NDArray[np.int64]
    newest: npt.NDArray[np.int64]
    oldest: npt.NDArray[np.int64]

    @classmethod
    def of(cls, events: pa.Table) -> Self:
        """What valid ``events`` say."""
        items = pa.table({ITEM: events.column(ITEM).cast(pa.string()), TIMESTAMP: events.column(TIMESTAMP)})
        parts = [([], "count_all"), (TIMESTAMP, "max"), (TIMESTAMP, "min")]
        counted = items.group_by(ITEM).aggregate(parts).sort_by(ITEM)
        numbers = (counted.column(name).to_numpy() for name in ("count_all", f"{TIMESTAMP}_max", f"{TIMESTAMP}_min"))
        return cls(counted.column(ITEM).combine_chunks(), *numbers)


class GuessedItems(NamedTuple):
    """An item table, as a config would name it.

    Attributes:
        item: the column of the ids; ``reason`` says why.
        title: the column of titles; None where nothing looks like one.
        features: by column; all others are told of in ``facts``.
        facts: sentences about the table.
    """

    item: str
    reason: str
    title: str | None
    features: dict[str, Proposed]
    facts: list[str]


def guess_items(path: Path, logged: LoggedItems) -> GuessedItems:
    """Look at an item table.

    Raises:
        DataError: the file cannot be read, or no column holds ids of the log.
    """
    table = read_item_file(path, set())
    names = [name for name in table.column_names if table.column_names.count(name) == 1 and not INDEX.fullmatch(name)]
    written = read_item_file(path, set(table.column_names))  # 007 is not 7
    shares = {name: _share_of_log(_keys(written, name), logged) for name in names}
    item = max(shares, key=lambda name: shares[name], default="")
    if not shares.get(item):
        raise DataError(
            f"{path}: no column holds an item of the log's first rows, such as {logged.names[0].as_py()!r}; it has "
            f"{', '.join(table.column_names)}. {_in_other_letters(written, names, logged)}"
            "Write the ids alike, or leave --items out"
        )
    keys = _keys(written, item)
    rows = np.asarray(pc.fill_null(pc.index_in(logged.names, value_set=keys), -1))
    facts = [_describe_rows(keys, rows, logged)]
    twice = len(keys.drop_null()) - len(pc.unique(keys.drop_null()))
    if twice:
        facts.append(f"{twice:,} rows repeat the id of another: prepare will refuse the table; one row an item.")
    titled = (name for name in names if name != item and re.search(TITLES, name.lower()) and _is_text(table, name))
    features: dict[str, Proposed] = {}
    for name in names:
        if name == item:
            continue
        values = blank_nulls(_plain(table.column(name).combine_chunks()), NULL_VALUES)
        found = _leak(values, rows, logged) or guess_kind(values)
        if isinstance(found, Left):
            facts.append(f"{name} is left out: {found.reason}.")
        else:
            features[name] = found
    return GuessedItems(item, f"holds {shares[item]:.0%} of the log's items", next(titled, None), features, facts)


def _keys(table: pa.Table, name: str) -> pa.Array:
    """A column as ids, null where a value can be none."""
    values = _plain(table.column(name).combine_chunks())
    if pa.types.is_nested(values.type) or pa.types.is_null(values.type):
        return pa.nulls(len(table), pa.string())
    text = ids_as_text(blank_nulls(values, NULL_VALUES))[0].cast(pa.string())
    return pc.if_else(pc.equal(text, ""), None, text)


def _plain(values: pa.Array) -> pa.Array:
    values = without_dictionary(values)
    return values.storage if isinstance(values.type, pa.BaseExtensionType) else values


def _is_text(table: pa.Table, name: str) -> bool:
    kind = _plain(table.column(name).combine_chunks()).type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _share_of_log(keys: pa.Array, logged: LoggedItems) -> float:
    return float(np.mean(np.asarray(pc.is_in(logged.names, value_set=keys.drop_null()))))


def _in_other_letters(table: pa.Table, names: list[str], logged: LoggedItems) -> str:
    """Which column would hold the log's items if capital and small letters were one; empty where none would."""
    ours = pc.utf8_lower(logged.names)
    for name in names:
        keys = _keys(table, name).drop_null()
        places = pc.index_in(ours, value_set=pc.utf8_lower(keys)).to_pylist()
        found = next((place for place in enumerate(places) if place[1] is not None), None)
        if found is not None:
            log, row = logged.names[found[0]].as_py(), keys[found[1]].as_py()
            return f"In column {name!r} stands {row!r}, and in the log {log!r}, which is another id. "
    return ""


def _describe_rows(keys: pa.Array, rows: npt.NDArray[np.int64], logged: LoggedItems) -> str:
    lacking = np.flatnonzero(rows < 0)
    told = f"{len(keys):,} rows"
    if not len(lacking):
        return f"{told}; all {len(rows):,} items of the log's first rows are in it."
    example = logged.names[int(lacking[0])].as_py()
    return (
        f"{told}; {len(lacking):,} of {len(rows):,} items of the log's first rows are not in it, such as {example!r}."
    )


def _leak(values: pa.Array, rows: npt.NDArray[np.int64], logged: LoggedItems) -> Left | None:
    """Why a number is left out that looks as if it were made of the events that are to be predicted."""
    kind = values.type
    is_moment = pa.types.is_timestamp(kind) or pa.types.is_date(kind)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or is_moment):
        return None
    if is_moment:
        values = pc.cast(pc.cast(values, pa.timestamp("ms"), safe=False), pa.int64(), safe=False)
    numbers = np.asarray(pc.cast(values, pa.float64(), safe=False).fill_null(np.nan), np.float64)
    both = pd.DataFrame({"value": numbers[rows[rows >= 0]], "count": logged.counts[rows >= 0]})
    both["newest"], both["oldest"] = logged.newest[rows >= 0], logged.oldest[rows >= 0]
    both = both.dropna()
    if len(both) < LEAST:
        return None
    whole = both["oldest"] // 1_000 * 1_000  # seconds
    alike = (both["value"] * unit == time for unit in UNITS for time in (both["oldest"], whole))
    if max(float(one.mean()) for one in alike) >= EQUAL:
        return Left("it is when items first occur in the log; made of events, it says nothing of items without any")
    found = both.rank().corr()["value"]
    for column, told in (("count", "how often items occur in the log"), ("newest", "when items last occur in the log")):
        correlation: Any = found[column]
        if abs(correlation) > FOLLOWS:
            return Left(
                f"it follows {told} (rank correlation {correlation:.2f}); made of events, it would tell the model of "
                "those that it is to predict"
            )
    return None
