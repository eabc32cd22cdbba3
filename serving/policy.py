"""Apply a bundle's policy to scored items: the same rules, in the same order, in every client."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from recsys.bundle.policy import SEPARATOR, Boost, Diverse, Fresh, Remove, RemoveSeen, Rule

DAY_MS = 86_400_000
_DATE = re.compile("[0-9]{4}(-[0-9]{2}-[0-9]{2})?")

# An item's text in a column, "" where it has none.
Lookup = Callable[[str, str], str]


@dataclass
class Scored:
    """An item on its way through the rules."""

    item: str
    score: float
    reasons: list[str] = field(default_factory=list)


def apply_policy(
    rules: Sequence[Rule], scores: Mapping[str, float], seen: Collection[str], lookup: Lookup, now: int
) -> list[Scored]:
    """What is left of ``scores``, best first, each with the reasons for its place.

    >>> comedy = Boost(column="genres", value="Comedy", by=0.5, reason="comedy week")
    >>> genres = {"50": "Action", "172": "Comedy"}
    >>> ranked = apply_policy([comedy], {"50": 1.0, "172": 0.8}, (), lambda item, column: genres[item], now=0)
    >>> [(one.item, one.reasons) for one in ranked]
    [('172', ['comedy week']), ('50', [])]

    Args:
        scores: logits by item, in the order that breaks ties.
        seen: the history's items.
        lookup: ``(item, column)`` to text.
        now: milliseconds since the epoch, for freshness.
    """
    left = [Scored(item, score) for item, score in scores.items()]
    for rule in rules:
        match rule:
            case RemoveSeen():
                left = [one for one in left if one.item not in seen]
            case Remove():
                left = [one for one in left if rule.value not in _values(lookup(one.item, rule.column))]
            case Boost():
                for one in left:
                    if rule.by and rule.value in _values(lookup(one.item, rule.column)):
                        one.score += rule.by
                        one.reasons.append(rule.reason)
            case Fresh():
                for one in left:
                    _freshen(one, rule, lookup(one.item, rule.column), now)
            case Diverse():
                return _diversify(_sorted(left), rule, lookup)
    return _sorted(left)


def _sorted(left: list[Scored]) -> list[Scored]:
    return sorted(left, key=lambda one: -one.score)


def _values(text: str) -> set[str]:
    return set(text.split(SEPARATOR)) - {""}


def _freshen(one: Scored, rule: Fresh, text: str, now: int) -> None:
    date = _date_ms(text)
    if date is None or date > now:
        return
    bonus = rule.by * 2.0 ** (-(now - date) / DAY_MS / rule.half_life_days)
    one.score += bonus
    if rule.by and abs(bonus) >= abs(rule.by) / 2:  # within one half-life, be it a bonus or a malus
        one.reasons.append(rule.reason)


def _date_ms(text: str) -> int | None:
    """The beginning of a year or a day in UTC; None for what is neither, in every client."""
    if not _DATE.fullmatch(text):
        return None
    try:
        date = datetime.fromisoformat(f"{text}-01-01" if len(text) == 4 else text)
    except ValueError:
        return None
    return int(date.replace(tzinfo=UTC).timestamp() * 1000)


def _diversify(left: list[Scored], rule: Diverse, lookup: Lookup) -> list[Scored]:
    values = {one.item: _values(lookup(one.item, rule.column)) for one in left}
    closest = dict.fromkeys(values, 0.0)  # the largest similarity to an item already placed
    placed: list[Scored] = []
    while left and len(placed) < rule.first:
        best = max(left, key=lambda one: one.score - rule.strength * closest[one.item])  # the first of equals
        if best is not left[0]:
            best.reasons.append(rule.reason)
        left.remove(best)
        placed.append(best)
        for one in left:
            closest[one.item] = max(closest[one.item], _jaccard(values[one.item], values[best.item]))
    return placed + left


def _jaccard(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0
