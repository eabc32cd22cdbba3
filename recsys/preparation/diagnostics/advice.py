"""What most likely is wrong with a log that was read, or refused, as a whole."""

import re
from typing import Any

import numpy as np

from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER
from recsys.log.values.timestamps import Unit
from recsys.log.values.unread_dates import EXCEL, are_excel_days, unread_format

NEARLY_ALL = 0.9
YEAR_1980 = 315_532_800_000  # milliseconds; the web has no older events
# The config's key of each of our columns.
KEYS = {USER: "user", ITEM: "item", TIMESTAMP: "timestamp", EVENT_ID: "event_id", EVENT_TYPE: "event_type"}
# How a moment since 2001 looks in each unit.
SPELLINGS: dict[str, str] = {
    "iso8601": r"\b\d{4}([-/.])\d\d\1\d\d",
    "ns": r"\b1\d{18}\b",
    "us": r"\b1\d{15}\b",
    "ms": r"\b1\d{12}\b",
    "s": r"\b1\d{9}\b",
}
# What a filter keeps, by what it counts its drops as.
FILTERS = {
    "event_type": "data.event_types keeps only the types that it names; write them as the log does",
    "below_bound": "data.event_types.*.at_least keeps only events that reach its bounds; lower them",
    "forgotten": "--forget, here or for the dataset that is extended, leaves its users out; give a longer log",
    "over_max_user_events": "prepare.max_user_events keeps only each user's newest; raise it",
    "bot": "prepare.bots drops users as fast as bots; raise its events, or shorten its seconds",
    "core": "prepare.k_core = {k_core} keeps only users and items with as many events; lower it, or give a longer log",
    "rare_item": "prepare.min_item_events keeps only items with as many events; lower it, or give a longer log",
    "over_max_items": "prepare.max_items keeps only the most frequent items; raise it",
    "cold_item": "prepare.fit_on: train keeps only items of events that train; move prepare.validation_from",
    "cold_user": "prepare.fit_on: train keeps only users with events that train; move prepare.validation_from",
}


def unit_warning(stats: dict[str, Any], unit: Unit) -> str | None:
    """One line for a dataset (``Dataset.stats``) whose events all lie before 1980; None where they do not.

    It is no error: a log may hold positions, which order events as well as moments do.
    """
    first, last = int(stats["first_event"]), int(stats["last_event"])
    if last >= YEAR_1980:
        return None
    found = f"all events lie before 1980, from {_date(first)} to {_date(last)}"
    if unit == "ms" and 1000 * first >= YEAR_1980:
        return (
            f"{found}; read in seconds they lie from {_date(1000 * first)} to {_date(1000 * last)}: "
            "is data.timestamp_unit s?"
        )
    if unit == "s" and are_excel_days(first / 1000, last / 1000):
        return f"{found}: are they {EXCEL}? Write dates then, such as 2024-03-05T10:00:00"
    return f"{found}: right if the times are positions; otherwise mend data.timestamp_unit, found {unit}"


def _date(moment: int) -> str:
    return str(np.datetime64(moment, "ms").astype("datetime64[D]"))


def rejects_advice(rejected: dict[str, int], examples: list[str], unit: Unit) -> str | None:
    """What to mend where one reason stands behind nearly all refused rows; None where none does.

    Args:
        rejected: refused rows by reason.
        examples: some of them, as ``first_rejects`` gives them.
        unit: the config's ``data.timestamp_unit``, which then is not proposed.
    """
    enough = NEARLY_ALL * max(1, sum(rejected.values()))
    if rejected.get(f"bad {TIMESTAMP}", 0) >= enough:
        return _unit_advice(examples, unit)
    missing = [name for name in KEYS if rejected.get(f"missing {name}")]
    if sum(rejected[f"missing {name}"] for name in missing) >= enough:
        keys = " and ".join(f"data.columns.{KEYS[name]}" for name in missing)
        return f"Nearly all of them lack {' or '.join(missing)}: does {keys} name the log's own column?"
    return None


def _unit_advice(examples: list[str], unit: Unit) -> str:
    rows = [row for _, reason, row in (line.partition(f": bad {TIMESTAMP}: ") for line in examples) if reason]
    unread = unread_format(rows)
    if unread:
        return f"The times are not read: {unread}."
    for name, pattern in SPELLINGS.items():
        matches = [re.search(pattern, row) for row in rows]
        if name == unit or not rows or None in matches:
            continue
        example = matches[0][0] if matches[0] else ""
        return f"The times do not fit data.timestamp_unit, found {unit}: values such as {example} would fit {name}."
    return (
        f"The times do not fit data.timestamp_unit, found {unit}: they are read as s, ms, us or ns since 1970, or as "
        "iso8601. Does data.columns.timestamp name the right column?"
    )


def empty_advice(counts: dict[str, Any], k_core: int) -> str:
    """Which filter took most of a log that nothing is left of, and what to do.

    Args:
        counts: of ``count_all``.
    """
    taken = {**counts["dropped"], "rejected": sum(counts["rejected"].values())}
    most = max(taken, key=lambda name: taken[name])
    if most == "rejected":
        return f"{taken[most]} rows were refused, which prepare.max_rejected_share let pass; mend the log"
    what_to_do = FILTERS.get(most, "look at the section prepare").format(k_core=k_core)
    return f"{taken[most]} were dropped as {most}: {what_to_do}"
