"""Whether a new dataset still looks like the one before."""

import numpy as np

from recsys.artifacts.compatibility import prepared_with
from recsys.artifacts.dataset import Dataset
from recsys.core.errors import DataError
from recsys.core.schema import COUNT
from recsys.preparation.diagnostics.item_drift import find_item_drift
from recsys.preparation.vocabulary_fit import DROP_REASONS


def find_drift(new: Dataset, old: Dataset, bound: float) -> list[str]:
    """What changed by more than ``bound`` (a share: 0.5 allows between half and one and a half times), in words.

    A dataset that extends ``old`` may grow and reach further in time, but its night must fit what it extends
    (``_misfits``); the night's rows are held against those of the night before, where ``old`` has one. Otherwise rows
    count with those taken over.
    """
    found = []
    extends = new.manifest.inputs.extends == old.digest
    nightly = extends and old.manifest.inputs.extends is not None
    totals = [{**d.counts, "rows": d.counts["read"] + (0 if nightly else d.counts["stored"])} for d in (old, new)]
    for name in ("rows", "events", "users", "items"):
        before, now = (int(counts[name]) for counts in totals)
        grown = extends and now > before and not (nightly and name == "rows")
        if abs(now - before) > bound * before and not grown:
            found.append(f"{name}: {before:,} became {now:,}")
    before_share, now_share = (sum(d.counts["rejected"].values()) / max(1, d.counts["read"]) for d in (old, new))
    if now_share > before_share + bound * max(before_share, 0.01):
        found.append(f"refused rows: {before_share:.2%} became {now_share:.2%}")
    spans = [dataset.stats["last_event"] - dataset.stats["first_event"] for dataset in (old, new)]
    growth = spans[1] - spans[0]
    if abs(growth) > bound * spans[0] and not (extends and growth > 0):
        days = [span / 86_400_000 for span in spans]
        found.append(f"time range: {days[0]:.1f} days became {days[1]:.1f}")
    if new.stats["last_event"] < old.stats["last_event"]:
        found.append("time range: the newest event is older than before")
    found += find_item_drift(new.items, old.items, bound)
    return found + (_misfits(new, old, bound) if extends else [])


def _misfits(new: Dataset, old: Dataset, bound: float) -> list[str]:
    """What shows, beneath all growth, that a night does not belong to the dataset ``old`` that it extends."""
    found = []
    first, last = (int(old.stats[name]) for name in ("first_event", "last_event"))
    earliest = int(new.stats["first_event"])
    if first - earliest > bound * (last - first):
        moments = [str(np.datetime64(moment, "ms")) for moment in (first, earliest)]
        found.append(
            f"time range: the first event was {moments[0]}, now it is {moments[1]}; "
            "are the night's times in the unit that data.timestamp_unit names?"
        )
    night = _night_events(new)
    known = len(old.items)
    unknown, all_before = _unknown_events(old, known), old.counts["events"] + _left_out(old)
    before = (all_before - unknown) / max(1, all_before)
    now = (night - _unknown_events(new, known) + unknown) / max(1, night)
    if night and now < (1 - bound) * before:
        found.append(
            f"known items: {before:.0%} of the events before were on items of the dataset, {max(0.0, now):.0%} of the "
            "night's are; are its ids written as before?"
        )
    return found


def _night_events(dataset: Dataset) -> int:
    """The valid events that the log itself brought, before those that exist already are dropped as duplicates."""
    counts = dataset.counts
    of_other_types = sum(counts["dropped"].get(name, 0) for name in ("event_type", "below_bound"))
    return int(counts["read"] - sum(counts["rejected"].values()) - of_other_types)


def _unknown_events(dataset: Dataset, known: int) -> int:
    """Events on other items than the first ``known``: on later ones, in OOV buckets, or left out by the vocabulary.

    Item counts of ``fit_on: train`` leave validation and test aside, so there only training events count.
    """
    item_counts = dataset.items[COUNT].to_numpy()
    in_buckets = dataset.counts["events"] - int(item_counts.sum()) if prepared_with(dataset).fit_on == "all" else 0
    return int(item_counts[known:].sum()) + in_buckets + _left_out(dataset)


def _left_out(dataset: Dataset) -> int:
    """Events that were dropped because their item or their user is too rare."""
    return sum(dataset.counts["dropped"].get(drop_reason, 0) for drop_reason in DROP_REASONS[1:])


def refuse_drift(new: Dataset, old: Dataset, bound: float) -> None:
    """Raises DataError, naming everything that drifted."""
    found = find_drift(new, old, bound)
    if found:
        lines = "\n".join(f"  {line}" for line in found)
        raise DataError(
            f"the dataset differs from {old.path} by more than --max-drift {bound:g}:\n{lines}\n"
            "Look at the log and the item table; if they are right, prepare again with a larger --max-drift or "
            "without --against"
        )
