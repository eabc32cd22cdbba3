"""Whether a new dataset still looks like the one before."""

from recsys.data.dataset import Dataset
from recsys.errors import DataError


def find_drift(new: Dataset, old: Dataset, bound: float) -> list[str]:
    """What changed by more than ``bound`` (a share: 0.5 allows between half and one and a half times), in words.

    A dataset that extends ``old`` may grow and reach further in time; the rows of its night are held against those of
    the night before, where ``old`` has one. Otherwise rows count with those taken over.
    """
    found = []
    extends = new.manifest["inputs"]["extends"] == old.digest
    nightly = extends and old.manifest["inputs"]["extends"] is not None
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
    return found


def refuse_drift(new: Dataset, old: Dataset, bound: float) -> None:
    """Raises DataError, naming everything that drifted."""
    found = find_drift(new, old, bound)
    if found:
        lines = "\n".join(f"  {line}" for line in found)
        raise DataError(
            f"the dataset differs from {old.path} by more than --max-drift {bound:g}:\n{lines}\n"
            "Look at the log; if it is right, prepare again with a larger --max-drift or without --against"
        )
