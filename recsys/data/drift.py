"""Whether a new dataset still looks like the one before."""

from recsys.data.dataset import Dataset
from recsys.errors import DataError


def find_drift(new: Dataset, old: Dataset, bound: float) -> list[str]:
    """What changed by more than ``bound`` (a share: 0.5 allows between half and one and a half times), in words.

    Rows count with those taken over from an earlier dataset. A dataset that extends ``old`` may reach further in time.
    """
    found = []
    totals = [{**d.counts, "rows": d.counts["read"] + d.counts["stored"]} for d in (old, new)]
    for name in ("rows", "events", "users", "items"):
        before, now = (int(counts[name]) for counts in totals)
        if abs(now - before) > bound * before:
            found.append(f"{name}: {before:,} became {now:,}")
    before_share, now_share = (sum(d.counts["rejected"].values()) / max(1, d.counts["read"]) for d in (old, new))
    if now_share > before_share + bound * max(before_share, 0.01):
        found.append(f"refused rows: {before_share:.2%} became {now_share:.2%}")
    spans = [dataset.stats["last_event"] - dataset.stats["first_event"] for dataset in (old, new)]
    extends = new.manifest["inputs"]["extends"] == old.digest
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
            f"the log differs from {old.path} by more than --max-drift {bound:g}:\n{lines}\n"
            "Look at the log; if it is right, prepare again with a larger --max-drift or without --against"
        )
