"""What the first rows of a log show, in sentences."""

import re
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa

from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER
from recsys.log.formats.raw import Reject
from recsys.log.inference.columns import Guess
from recsys.log.inference.sample import Sample
from recsys.log.inference.units import SECONDS
from recsys.log.values.timestamps import Unit


def sample_facts(
    looked: Sample, columns: dict[str, Guess], unit: Unit, lengths: "np.ndarray[Any, Any]"
) -> tuple[float, pa.Table, list[str]]:
    """The share of rows that will be rejected, the events that are left, and sentences about the sample."""
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
        told = ", ".join(f"{name or 'without a name'} ({kind})" for name, kind in looked.passed_over.items())
        facts.append(f"Passed over, for they hold no one plain value a row: {told}.")
    if sample[time].dropna().astype(str).head(1000).str.fullmatch(r"(19|20)\d\d[01]\d[0-3]\d(\.0)?").mean() > 0.5:
        facts.append(f"{time} looks like dates written YYYYMMDD, which are read as numbers: write 2024-03-05.")
    return len(rejects) / max(1, rows), events, facts


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
