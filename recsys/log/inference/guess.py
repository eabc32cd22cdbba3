"""What was found out about a log from its first rows."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from recsys.core.schema import TIMESTAMP, USER
from recsys.log.files import Format, find_log
from recsys.log.inference.columns import Guess, guess_columns
from recsys.log.inference.facts import sample_facts
from recsys.log.inference.sample import Sample, read_sample
from recsys.log.inference.units import guess_unit
from recsys.log.values.timestamps import Unit


@dataclass(frozen=True)
class GuessedLog:
    """What was found out about a log from its first rows.

    Attributes:
        file: the one whose first rows were looked at.
        files: how many the log has.
        columns: by our name of the column; ``EVENT_ID``, ``EVENT_TYPE`` and ``VALUE`` are absent where nothing looks
            like one.
        facts: sentences about the sample that help to choose settings.
        max_length: a history length that holds most users' whole histories, up to 200.
        rejected: the share of the sample's rows that prepare will reject.
        events: what prepare will find in the sample, user, item and time.
    """

    file: Path
    files: int
    format: Format
    delimiter: str
    columns: dict[str, Guess]
    unit: Unit
    max_length: int
    rejected: float
    events: pa.Table
    facts: list[str] = field(default_factory=list)


def guess_log(path: Path, given: dict[str, str]) -> GuessedLog:
    """Look at the first rows of a log (a file, or the first file of a folder or a glob).

    Args:
        given: columns that the caller knows already, by our name.

    Raises:
        DataError: nothing to look at, no column names, or no column that could be what is needed.
    """
    log = find_log(path)
    with tempfile.TemporaryDirectory(prefix="recsys-init-") as unpacked:
        return _guess(read_sample(log, Path(unpacked)), len(log.files), given)


def _guess(looked: Sample, files: int, given: dict[str, str]) -> GuessedLog:
    file, sample = looked.file, looked.frame
    columns = guess_columns(looked, given)
    unit = guess_unit(file, sample[columns[TIMESTAMP].column])
    lengths = sample[columns[USER].column].value_counts().to_numpy()
    lengths = lengths if len(lengths) else np.zeros(1, np.int64)  # nobody has an event: all rows will be rejected
    max_length = next((length for length in (20, 50, 100) if length >= np.quantile(lengths, 0.75)), 200)
    rejected, events, facts = sample_facts(looked, columns, unit, lengths)
    return GuessedLog(file, files, looked.format, looked.delimiter, columns, unit, max_length, rejected, events, facts)
