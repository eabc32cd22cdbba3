"""Dates in spellings that are not read, called by their names so that a person can write them anew."""

import re
from collections.abc import Sequence

# Day and month first may be either, a month's name is in some language, and a zone's name has a history.
_MONTHS = "jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
_BEFORE, _AFTER = r"(?<![\w./-])", r"(?![\w/-])"
UNREAD = {
    "a date written day.month.year": rf"{_BEFORE}\d{{1,2}}\.\d{{1,2}}\.(\d{{4}}|\d\d){_AFTER}",
    "a date written day/month/year or month/day/year, which nobody can tell apart": (
        rf"{_BEFORE}\d{{1,2}}/\d{{1,2}}/(\d{{4}}|\d\d){_AFTER}"
    ),
    "a date written day-month-year or month-day-year, which nobody can tell apart": (
        rf"{_BEFORE}\d{{1,2}}-\d{{1,2}}-\d{{4}}{_AFTER}"
    ),
    "a date with the name of its month": (
        rf"(?i)\b\d\d?[ /.-]{{1,2}}({_MONTHS})[a-z]*[ /.-]{{1,2}}\d\d|\b({_MONTHS})[a-z]*\.? {{1,2}}\d\d?\b"
    ),
    "a time of a 12-hour clock": r"(?i)\d:\d\d(:\d\d(\.\d+)?)? ?[ap]\.?m\b",
    "a moment with the name of its zone": (r":\d\d[\d.,:+-]* ?(\[?[A-Z][A-Za-z]+/[A-Z]\w+\]?|(?!UTC|GMT)[A-Z]{3,4}\b)"),
}
EXCEL_DAYS = (30_000, 60_000)  # 1982 to 2064, as days since 1899-12-30
WRITTEN = "2024-03-05 or 2024-03-05T10:00:00+01:00"  # what to write instead
EXCEL = "days as Excel counts them"


def unread_format(texts: Sequence[str]) -> str | None:
    """The format that more than half of some texts hold, and what to write instead; None where there is none.

    >>> unread_format(["05.03.2024 10:00", "06.03.2024 11:00"])
    "'05.03.2024 10:00' looks like a date written day.month.year: write 2024-03-05 or 2024-03-05T10:00:00+01:00"
    """
    for name, pattern in UNREAD.items():
        found = [text if len(text) <= 40 else match[0] for text in texts if (match := re.search(pattern, text))]
        if 2 * len(found) > len(texts):
            return f"{found[0]!r} looks like {name}: write {WRITTEN}"
    return None


def are_excel_days(first: float, last: float) -> bool:
    """Whether numbers between these most likely are Excel's days: seconds and positions begin elsewhere."""
    return EXCEL_DAYS[0] <= first and last <= EXCEL_DAYS[1]
