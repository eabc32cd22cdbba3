"""How a column writes moments."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from recsys.core.errors import DataError
from recsys.log.values.timestamps import Unit, to_milliseconds
from recsys.log.values.unread_dates import EXCEL, WRITTEN, are_excel_days, unread_format

PER_SECOND: dict[Unit, float] = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}
SECONDS = (3e8, 4e9)  # 1979 to 2096, as Unix seconds


def unit_of(values: "pd.Series[Any]") -> Unit | None:
    """The unit in which values are moments of our time; None where they are none."""
    if values.empty:
        return None
    if pd.api.types.is_datetime64_any_dtype(values):
        return "iso8601"
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.notna().mean() > 0.5:
        middle = float(numbers.median())
        fitting = (unit for unit, per in PER_SECOND.items() if SECONDS[0] <= middle / per <= SECONDS[1])
        return next(fitting, None)
    text = values.astype(str).head(1000)
    _, _, bad = to_milliseconds(pa.array(text.to_list(), pa.string()), "iso8601")
    return "iso8601" if bad.mean() < 0.5 and text.str.match(r"\s*\d{4}[-/.]\d\d[-/.]\d\d").mean() > 0.5 else None


def guess_unit(file: Path, values: "pd.Series[Any]") -> Unit:
    """The unit of a column of times; seconds where its numbers are positions rather than moments.

    Raises:
        DataError: it holds no times, or some in a format that is not read, which is named.
    """
    values = values.dropna()
    unit = unit_of(values)
    if unit is not None:
        return unit
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.notna().mean() > 0.5:
        if are_excel_days(numbers.min(), numbers.max()):
            raise DataError(
                f"{file}: column {values.name!r} looks like {EXCEL}, found {values.iloc[0]}: write dates, such as "
                "2024-03-05T10:00:00; where they are positions, write the config by hand, with data.timestamp_unit: s"
            )
        return "s"  # positions rather than moments: they order events all the same
    unread = unread_format(values.astype(str).head(1000).to_list())
    found = unread or (f"found {str(values.iloc[0])!r}: write {WRITTEN}" if len(values) else "found nothing at all")
    raise DataError(f"{file}: column {values.name!r} holds neither numbers nor ISO 8601; {found}")
