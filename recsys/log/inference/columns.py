"""Which of a log's columns holds what."""

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from recsys.core.errors import DataError
from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER, VALUE
from recsys.log.columns import INDEX
from recsys.log.inference.sample import Sample
from recsys.log.inference.units import unit_of

MAX_EVENT_TYPES = 50
NUMBERS = 0.9  # share of a column of values that must be numbers; prepare refuses the other rows
# Words of a column's name, by what it then holds; earlier words weigh more.
WORDS = {
    USER: ("user", "uid", "customer", "visitor", "reviewer", "member", "account", "client", "person", "session"),
    ITEM: ("item", "iid", "product", "movie", "film", "asin", "sku", "article", "track", "song", "book", "video",
           "content", "business", "game", "anime", "offer", "page", "post"),
    TIMESTAMP: ("timestamp", "datetime", "time", "ts", "date", "created", "when"),
    EVENT_TYPE: ("event type", "behavior", "behaviour", "action", "interaction", "event"),
    VALUE: ("rating", "stars", "score", "dwell", "duration", "watch", "played", "quantity", "qty", "amount"),
    EVENT_ID: ("event id", "event no", "event number", "arrival", "sequence", "seq", "offset", "row", "line", "index"),
}  # fmt: skip


@dataclass(frozen=True)
class Guess:
    """A column and the reason for taking it."""

    column: str
    reason: str


def guess_columns(looked: Sample, given: dict[str, str]) -> dict[str, Guess]:
    """The column of each thing that an event holds, by names first, then by values.

    Raises:
        DataError: no column could be what is needed, or one that is given is not there.
    """
    file, sample = looked.file, looked.frame
    found = {name: Guess(column, "given") for name, column in given.items()}
    for guess in found.values():
        if guess.column not in sample.columns:
            raise DataError(f"{file}: no column {guess.column!r}; it has {_list_columns(looked)}")

    def left(*, unnamed: bool = False) -> list[str]:
        taken = {guess.column for guess in found.values()}
        return [
            name for name in map(str, sample.columns) if name not in taken and (unnamed or not INDEX.fullmatch(name))
        ]

    for name in (TIMESTAMP, USER, ITEM, EVENT_ID, EVENT_TYPE, VALUE):
        fit = [column for column in left() if _could_be(name, sample[column])]
        likely = found.get(name) or _by_name(name, fit)
        if likely is not None and (name != EVENT_TYPE or sample[likely.column].nunique() <= MAX_EVENT_TYPES):
            found[name] = likely
    for name in (TIMESTAMP, USER, ITEM):
        likely = found.get(name) or _by_values(name, sample, left())
        if likely is None:
            flag = name.removesuffix("_id")
            raise DataError(
                f"{file}: no column looks like the {name}; it has {_list_columns(looked)}; "
                f"say which one with --{flag} COLUMN"
            )
        found[name] = likely
    counting = [column for column in left(unnamed=True) if _counts_rows(sample[column])]
    if EVENT_ID not in found and counting:
        found[EVENT_ID] = Guess(counting[0], "by its values, which count the rows: please check")
    return found


def _list_columns(looked: Sample) -> str:
    passed_over = [f"{name} ({kind})" for name, kind in looked.passed_over.items()]
    return ", ".join([*(str(name) or "one without a name" for name in looked.frame.columns), *passed_over])


def _could_be(name: str, values: "pd.Series[Any]") -> bool:
    """Whether a column's values allow what its name says: an arrival number is whole, a type no date."""
    values = values.dropna()
    if name == EVENT_ID:
        numbers = pd.to_numeric(values, errors="coerce")
        return bool(len(values) and numbers.notna().all() and (numbers % 1 == 0).all())
    if name == VALUE:
        numbers = pd.to_numeric(values, errors="coerce")
        return bool(len(values) and numbers.notna().mean() >= NUMBERS and numbers.nunique() > 1)
    if name == EVENT_TYPE:
        dated = values.astype(str).head(1000).str.fullmatch(r"(19|20)\d\d[01]\d[0-3]\d(\.0)?").mean() > 0.5
        return not dated and (values.empty or unit_of(values) is None)
    return True


def _counts_rows(values: "pd.Series[Any]") -> bool:
    """Whether each row's number is larger by one than that of the row above, as an arrival number or an index is."""
    numbers = pd.to_numeric(values, errors="coerce")
    return len(numbers) > 1 and bool((numbers.diff().iloc[1:] == 1).all())


def _by_name(name: str, columns: list[str]) -> Guess | None:
    best: tuple[int, int, str] | None = None
    for place, column in enumerate(columns):
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower()
        words = " ".join(re.split(r"[^a-z0-9]+", spaced))
        for rank, word in enumerate(WORDS[name]):
            if re.search(rf"\b{word}(s|id)?\b|^{word}", words):
                best = min(best or (rank, place, column), (rank, place, column))
                break
    return None if best is None else Guess(best[2], "by its name")


def _by_values(name: str, sample: pd.DataFrame, columns: list[str]) -> Guess | None:
    """The first column whose values could be this; event types and values are known by their names only."""
    for column in columns:
        values = sample[column].dropna()
        if values.empty:
            continue
        if name == TIMESTAMP and unit_of(values) is not None:
            return Guess(column, "by its values, which are moments")
        if name in (USER, ITEM) and not pd.api.types.is_float_dtype(values) and 1 < values.nunique() < len(values):
            return Guess(column, "only by its place and its repeated values: please check")
    return None
