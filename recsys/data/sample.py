"""The first rows of a log, as they are."""

import csv
import gzip
import json
import re
from itertools import islice
from pathlib import Path
from typing import TextIO, cast

import pandas as pd
import pyarrow.parquet as pq

from recsys.data.log_files import Format
from recsys.errors import DataError

SAMPLE_ROWS = 200_000
DELIMITERS = ",\t;|"
KIND_ROWS = 1000  # of a column that show what it holds


def guess_delimiter(file: Path) -> str:
    """What stands most often in a CSV file's first line.

    Raises:
        DataError: the line is not text.
    """
    try:
        with _open_text(file) as lines:
            return max(DELIMITERS, key=lines.readline().count)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: line 1 cannot be read as UTF-8 text ({error})") from None


def _open_text(file: Path) -> TextIO:
    packed = file.suffix == ".gz"
    opened = gzip.open(file, "rt", encoding="utf-8") if packed else file.open(encoding="utf-8")  # noqa: SIM115
    return cast(TextIO, opened)


def read_sample(file: Path, kind: Format, delimiter: str) -> pd.DataFrame:
    """The first rows under the log's own column names.

    Raises:
        DataError: the file is not of its kind, or its first line holds an event instead of names.
    """
    try:
        if kind == "parquet":
            with pq.ParquetFile(file) as parquet:
                rows: pd.DataFrame = next(parquet.iter_batches(SAMPLE_ROWS)).to_pandas()
                return rows
        if kind == "jsonl":
            with _open_text(file) as lines:
                return pd.DataFrame([json.loads(line) for line in islice(lines, SAMPLE_ROWS)])
        sample = pd.read_csv(file, sep=delimiter, nrows=SAMPLE_ROWS, quoting=csv.QUOTE_MINIMAL, on_bad_lines="skip")
    except StopIteration:
        return pd.DataFrame()
    except (OSError, EOFError, ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{file}: cannot be read as {kind} ({error})") from None
    _refuse_nameless(file, sample, delimiter)
    return sample


def _refuse_nameless(file: Path, sample: pd.DataFrame, delimiter: str) -> None:
    """Raises DataError when the first line is an event: a name is a number or a moment, as the values below it are."""
    for name in map(str, sample.columns):
        kind = _kind(name)
        below = sample[name].dropna().astype(str).head(KIND_ROWS)
        if kind and len(below) and (below.map(_kind) == kind).mean() > 0.5:
            raise DataError(
                f"{file}: the first row looks like an event, not a header, found {delimiter.join(sample.columns)!r} "
                f"with {name!r} above more of its kind; add a first line with column names, such as "
                f"{delimiter.join(('user_id', 'item_id', 'rating', 'timestamp'))}"
            )


def _kind(text: str) -> str | None:
    """What a cell holds beside words."""
    if re.fullmatch(r"[-+]?\d+(\.\d*)?(e[-+]?\d+)?", text.strip(), re.IGNORECASE):
        return "number"
    return "moment" if re.match(r"\d{4}-\d\d-\d\d", text.strip()) else None
