"""What a log's columns most likely mean, and why: for ``recsys init``, which leaves the last word to a person."""

import re
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from recsys.core.errors import DataError
from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER
from recsys.log.files import Format, log_files
from recsys.log.formats.raw import Reject
from recsys.log.sample import Sample, read_sample
from recsys.log.values.timestamps import Unit, to_milliseconds

MAX_EVENT_TYPES = 50
# Words of a column's name, by what it then holds; earlier words weigh more.
WORDS = {
    USER: ("user", "uid", "customer", "visitor", "reviewer", "member", "account", "client", "person", "session"),
    ITEM: ("item", "iid", "product", "movie", "film", "asin", "sku", "article", "track", "song", "book", "video",
           "content", "business", "game", "anime", "offer", "page", "post"),
    TIMESTAMP: ("timestamp", "datetime", "time", "ts", "date", "created", "when"),
    EVENT_TYPE: ("event type", "behavior", "behaviour", "action", "interaction", "event"),
    EVENT_ID: ("event id", "arrival", "sequence", "seq", "offset", "row"),
}  # fmt: skip
PER_SECOND: dict[Unit, float] = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}
SECONDS = (3e8, 4e9)  # 1979 to 2096, as Unix seconds


@dataclass(frozen=True)
class Guess:
    """A column and the reason for taking it."""

    column: str
    reason: str


@dataclass(frozen=True)
class GuessedLog:
    """What was found out about a log from its first rows.

    Attributes:
        file: the one whose first rows were looked at.
        files: how many the log has.
        columns: by our name of the column; ``EVENT_ID`` and ``EVENT_TYPE`` are absent where nothing looks like one.
        facts: sentences about the sample that help to choose settings.
        max_length: a history length that holds most users' whole histories, up to 200.
        rejected: the share of the sample's rows that prepare will reject.
    """

    file: Path
    files: int
    format: Format
    delimiter: str
    columns: dict[str, Guess]
    unit: Unit
    max_length: int
    rejected: float
    facts: list[str] = field(default_factory=list)


def guess_log(path: Path, given: dict[str, str]) -> GuessedLog:
    """Look at the first rows of a log (a file, or the first file of a folder or a glob).

    Args:
        given: columns that the caller knows already, by our name.

    Raises:
        DataError: nothing to look at, no column names, or no column that could be what is needed.
    """
    files = log_files(path)
    with tempfile.TemporaryDirectory(prefix="recsys-init-") as unpacked:
        return _guess(read_sample(files, Path(unpacked)), len(files), given)


def _guess(looked: Sample, files: int, given: dict[str, str]) -> GuessedLog:
    file, sample = looked.file, looked.frame
    columns = _guess_columns(file, sample, given)
    unit = _guess_unit(file, sample[columns[TIMESTAMP].column])
    lengths = sample[columns[USER].column].value_counts().to_numpy()
    fitting = [length for length in (20, 50, 100, 200) if length >= np.quantile(lengths, 0.75)]
    max_length = fitting[0] if fitting else 200
    rejected, facts = _facts(looked, columns, unit, lengths)
    return GuessedLog(file, files, looked.format, looked.delimiter, columns, unit, max_length, rejected, facts)


def _guess_columns(file: Path, sample: pd.DataFrame, given: dict[str, str]) -> dict[str, Guess]:
    found = {name: Guess(column, "given") for name, column in given.items()}
    for guess in found.values():
        if guess.column not in sample.columns:
            raise DataError(f"{file}: no column {guess.column!r}; it has {', '.join(map(str, sample.columns))}")
    for name in (TIMESTAMP, USER, ITEM, EVENT_ID, EVENT_TYPE):
        left = [str(column) for column in sample.columns if column not in {g.column for g in found.values()}]
        fit = [column for column in left if _could_be(name, sample[column])]
        likely = found.get(name) or _by_name(name, fit) or _by_values(name, sample, left)
        if likely is not None and (name != EVENT_TYPE or sample[likely.column].nunique() <= MAX_EVENT_TYPES):
            found[name] = likely
        elif name in (TIMESTAMP, USER, ITEM):
            flag = name.removesuffix("_id")
            raise DataError(
                f"{file}: no column looks like a {name}; it has {', '.join(map(str, sample.columns))}; "
                f"say which one with --{flag} COLUMN"
            )
    return found


def _could_be(name: str, values: "pd.Series[Any]") -> bool:
    """Whether a column's values allow what its name says: an arrival number is whole, a type is no date."""
    values = values.dropna()
    if name == EVENT_ID:
        numbers = pd.to_numeric(values, errors="coerce")
        return bool(len(values) and numbers.notna().all() and (numbers % 1 == 0).all())
    if name == EVENT_TYPE:
        dated = values.astype(str).head(1000).str.fullmatch(r"(19|20)\d\d[01]\d[0-3]\d(\.0)?").mean() > 0.5
        return not dated and (values.empty or _unit_of(values) is None)
    return True


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
    """The first column whose values could be this; event ids and types are known by their names only."""
    for column in columns:
        values = sample[column].dropna()
        if values.empty:
            continue
        if name == TIMESTAMP and _unit_of(values) is not None:
            return Guess(column, "by its values, which are moments")
        if name in (USER, ITEM) and not pd.api.types.is_float_dtype(values) and 1 < values.nunique() < len(values):
            return Guess(column, "only by its place and its repeated values: please check")
    return None


def _unit_of(values: "pd.Series[Any]") -> Unit | None:
    if pd.api.types.is_datetime64_any_dtype(values):
        return "iso8601"
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.notna().mean() > 0.5:
        middle = float(numbers.median())
        fitting = (unit for unit, per in PER_SECOND.items() if SECONDS[0] <= middle / per <= SECONDS[1])
        return next(fitting, None)
    text = values.astype(str).head(1000)
    _, _, bad = to_milliseconds(pa.array(text.to_list(), pa.string()), "iso8601")
    return "iso8601" if bad.mean() < 0.5 and text.str.match(r"\s*\d{4}-\d\d-\d\d").mean() > 0.5 else None


def _guess_unit(file: Path, values: "pd.Series[Any]") -> Unit:
    unit = _unit_of(values.dropna())
    if unit is None and pd.to_numeric(values.dropna(), errors="coerce").notna().mean() > 0.5:
        return "s"  # positions rather than moments: they order events all the same
    if unit is None:
        raise DataError(
            f"{file}: column {values.name!r} holds neither numbers nor ISO 8601, found {values.dropna().iloc[0]!r}"
            f"{_named_zone(values)}"
        )
    return unit


def _named_zone(values: "pd.Series[Any]") -> str:
    named = values.dropna().astype(str).head(1000).str.contains(r"[a-z]/[A-Z]|[A-Z]{3}$").any()
    return "; the name of a zone is not read: write the offset from UTC alone, such as +01:00" if named else ""


def _facts(
    looked: Sample, columns: dict[str, Guess], unit: Unit, lengths: "np.ndarray[Any, Any]"
) -> tuple[float, list[str]]:
    """The share of rows that will be rejected, and sentences about the sample."""
    sample = looked.frame
    user, item, time = (columns[name].column for name in (USER, ITEM, TIMESTAMP))
    tied = sample.duplicated([user, time], keep=False).mean()
    wanted = (USER, ITEM, TIMESTAMP, EVENT_ID, EVENT_TYPE)
    events, rejects = looked.judge({name: columns[name].column for name in wanted if name in columns}, unit)
    rows = len(events) + len(rejects)
    facts = [
        f"{rows:,} rows{'' if looked.whole else ' (the first ones)'}, {sample[user].nunique():,} users, "
        f"{sample[item].nunique():,} items, {_span(events[TIMESTAMP].to_numpy(), unit)}.",
        f"Half the users have {int(np.median(lengths))} events or fewer; {(lengths >= 5).mean():.0%} have 5 or more.",
    ]
    if tied > 0.01 and EVENT_ID not in columns:
        facts.append(f"{tied:.0%} of the events share their user and timestamp with another: an arrival number helps.")
    if EVENT_TYPE in columns:
        shares = sample[columns[EVENT_TYPE].column].value_counts(normalize=True)
        kinds = ", ".join(f"{kind} {share:.0%}" for kind, share in shares.head(8).items())
        facts.append(f"Event types: {kinds}. data.event_types can keep some of them and weigh them.")
    facts += _reject_facts(rejects, rows)
    if looked.passed_over:
        told = ", ".join(f"{name} ({kind})" for name, kind in looked.passed_over.items())
        facts.append(f"Passed over, for they hold more than one value a row: {told}.")
    if sample[time].dropna().astype(str).head(1000).str.fullmatch(r"(19|20)\d\d[01]\d[0-3]\d(\.0)?").mean() > 0.5:
        facts.append(f"{time} looks like dates written YYYYMMDD, which are read as numbers: write 2024-03-05.")
    return len(rejects) / max(1, rows), facts


def _reject_facts(rejects: list[Reject], rows: int) -> list[str]:
    """One sentence a reason: how many rows of the sample prepare will reject, and the first of them."""
    facts = []
    for reason, count in Counter(one.reason for one in rejects).most_common():
        first = next(one for one in rejects if one.reason == reason)
        text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", first.text)[:80]
        facts.append(
            f"{count / rows:.2%} of the rows ({count:,}): {reason}, such as row {first.row}: {text!r}: "
            "prepare will reject them."
        )
    return facts


def _span(milliseconds: "np.ndarray[Any, np.dtype[np.int64]]", unit: Unit) -> str:
    """From when to when, as dates unless the numbers are positions rather than moments."""
    if not len(milliseconds):
        return "none with a time that can be read"
    ends = [int(end) // 1000 for end in (milliseconds.min(), milliseconds.max())]
    dated = unit == "iso8601" or ends[0] >= SECONDS[0]
    first, last = (f"{np.datetime64(end, 's')}Z" if dated else str(end) for end in ends)
    return f"from {first} to {last}"
