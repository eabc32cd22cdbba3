"""What became of every row: counts from the steps' results, and the refusal of logs that cannot be used."""

from collections import Counter
from typing import Any

from recsys.core.errors import DataError
from recsys.log.values.timestamps import Unit
from recsys.preparation.diagnostics.advice import empty_advice, rejects_advice

Result = dict[str, Any]


def count_rejects(reads: list[Result]) -> dict[str, int]:
    """Refused rows by reason."""
    rejected: Counter[str] = Counter()
    for result in reads:
        rejected.update(result["rejected"])
    return dict(sorted(rejected.items()))


def rejected_share(reads: list[Result]) -> float:
    """The part of all rows that was refused."""
    rejected = sum(count_rejects(reads).values())
    events = sum(int(result["events"]) for result in reads if not result["stored"])
    return rejected / max(1, rejected + events)


def describe_rejects(reads: list[Result]) -> str:
    """How many rows were refused and why, as a sentence's beginning; empty where none was."""
    rejected = count_rejects(reads)
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in rejected.items())
    return reasons and f"{sum(rejected.values()):,} rows ({rejected_share(reads):.2%}) were refused ({reasons})"


def count_all(steps: dict[str, list[Result]]) -> dict[str, Any]:
    """The counts of a dataset.

    ``read + stored = rejected + dropped + events`` and ``events = train + validation + test``, where ``stored`` are
    the events taken over from the dataset that was extended. Where the vocabulary is fitted on what trains, ``cold``
    says how many items and users came only later; their events are dropped, or share buckets. ``described_items`` are
    those that have a place in the vocabulary by the item table alone. ``relations`` are those that were
    given between items of the vocabulary, ``unknown_relations`` the others, ``text_relations`` those that texts say.
    """
    rejected = count_rejects(steps["read"])
    fit, shards = steps["fit"][0], steps["write"]
    dropped: Counter[str] = Counter()
    for result in (*steps["read"], *steps["clean"], *shards):
        dropped.update(result["dropped"])
    totals = {name: sum(shard[name] for shard in shards) for name in ("events", "users", "train", "validation")}
    cold = {"items": fit["cold_items"], "users": sum(shard["cold_users"] for shard in shards)}
    return {
        "read": sum(result["events"] for result in steps["read"] if not result["stored"]) + sum(rejected.values()),
        "stored": sum(result["events"] for result in steps["read"] if result["stored"]),
        "rejected": rejected,
        "dropped": dict(sorted(dropped.items())),
        "core_rounds": fit["rounds"],
        "forgotten_users": len({user for result in steps["read"] for user in result["forgotten"]}),
        "items": fit["items"],
        **({"described_items": fit["described_items"]} if fit.get("described_items") else {}),
        **fit.get("relations", {}),
        **totals,
        "test": totals["events"] - totals["train"] - totals["validation"],
        **({"cold": cold} if any(cold.values()) else {}),
    }


def refuse_rejects(reads: list[Result], bound: float, examples: list[str], unit: Unit) -> None:
    """Raises DataError: how many rows were refused, which, and what most likely is to be mended."""
    advice = rejects_advice(count_rejects(reads), examples, unit) or "Mend the log, or raise the bound."
    lines = "\n".join(f"  {line}" for line in examples)
    raise DataError(
        f"{describe_rejects(reads)}, more than prepare.max_rejected_share = {bound:.2%}. {advice} The first:\n{lines}"
    )


def refuse_empty(counts: dict[str, Any], k_core: int) -> None:
    """Raises DataError when nothing is left to learn from, or to judge by."""
    found = f"read {counts['read']}, rejected {counts['rejected'] or 0}, dropped {counts['dropped']}"
    if not counts["events"]:
        raise DataError(f"no events are left ({found}). {empty_advice(counts, k_core)}")
    if not counts["test"]:
        cold = counts["dropped"].get("cold_user", 0)
        strangers = f"; here {cold:,} events are of users without any" if cold else ""
        raise DataError(
            f"no user has a test event ({found}). Leave-one-out needs users with 3 events, last_session users with 3 "
            f"sessions, temporal events after prepare.test_from of users who have earlier ones{strangers}"
        )
