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

from recsys.data.log import Format
from recsys.errors import DataError

SAMPLE_ROWS = 200_000
DELIMITERS = ",\t;|"


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
        DataError: the file is not of its kind, or its first line holds no names.
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
    if all(re.fullmatch(r"[-\d.]+", name) for name in sample.columns):
        raise DataError(
            f"{file}: line 1 must hold the columns' names, found {delimiter.join(sample.columns)!r}; "
            "put a line such as user_id,item_id,rating,timestamp above it"
        )
    return sample
