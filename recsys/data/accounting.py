"""What became of every row: counts from the steps' results, and the refusal of logs that cannot be used."""

from collections import Counter
from typing import Any

from recsys.errors import DataError

Result = dict[str, Any]
EXAMPLES = 5


def count_rejects(reads: list[Result], long_lines: int) -> dict[str, int]:
    """Refused rows by reason."""
    rejected = Counter({"long line": long_lines} if long_lines else {})
    for result in reads:
        rejected.update(result["rejected"])
    return dict(sorted(rejected.items()))


def rejected_share(reads: list[Result], long_lines: int) -> float:
    """The part of all rows that was refused."""
    rejected = sum(count_rejects(reads, long_lines).values())
    events = sum(int(result["events"]) for result in reads)
    return rejected / max(1, rejected + events)


def count_all(steps: dict[str, list[Result]], long_lines: int) -> dict[str, Any]:
    """The counts of a dataset: ``read = rejected + dropped + events`` and ``events = train + validation + test``."""
    rejected = count_rejects(steps["read"], long_lines)
    fit, shards = steps["fit"][0], steps["write"]
    dropped: Counter[str] = Counter()
    for result in (*steps["clean"], *shards):
        dropped.update(result["dropped"])
    totals = {name: sum(shard[name] for shard in shards) for name in ("events", "users", "train", "validation")}
    return {
        "read": sum(result["events"] for result in steps["read"]) + sum(rejected.values()),
        "rejected": rejected,
        "dropped": dict(sorted(dropped.items())),
        "core_rounds": fit["rounds"],
        "items": fit["items"],
        **totals,
        "test": totals["events"] - totals["train"] - totals["validation"],
    }


def refuse_rejects(share: float, bound: float, rejected: dict[str, int], examples: list[str]) -> None:
    """Raises DataError when too large a part of the log was refused."""
    if share > bound:
        reasons = ", ".join(f"{count} {reason}" for reason, count in rejected.items())
        raise DataError(
            f"{share:.2%} of the rows were refused ({reasons}), more than prepare.max_rejected_share = {bound:.2%}. "
            "Mend the log, or raise the bound. The first:\n" + "\n".join(f"  {line}" for line in examples[:EXAMPLES])
        )


def refuse_empty(counts: dict[str, Any], k_core: int) -> None:
    """Raises DataError when nothing is left to learn from, or to judge by."""
    told = f"read {counts['read']}, rejected {counts['rejected'] or 0}, dropped {counts['dropped']}"
    if not counts["events"]:
        raise DataError(
            f"no events are left ({told}). prepare.k_core = {k_core} keeps only users and items with as many events; "
            "lower it, or give a longer log"
        )
    if not counts["test"]:
        raise DataError(
            f"no user has a test event ({told}): the split needs users with at least 3 events. Give a longer log"
        )
