"""A bundle's policy: what a product asks of a ranking beside the model's scores, in one declarative file.

``policy.json`` is ``{"version": 1, "rules": [...]}``; rules apply in their order:

- ``{"rule": "remove_seen"}``: leave out what the history holds.
- ``{"rule": "remove", "column": "genres", "value": "Horror", "reason": "no horror"}``: leave out matching items.
- ``{"rule": "boost", "column": "genres", "value": "Comedy", "by": 0.5, "reason": "comedy week"}``: add to the score.
- ``{"rule": "fresh", "column": "released", "half_life_days": 30, "by": 1.0}``: add ``by · 2^(-age / half_life)``; the
  reason goes to items no older than the half-life.
- ``{"rule": "diverse", "column": "genres", "strength": 0.5, "first": 20}``: order the first places by maximal
  marginal relevance (Carbonell and Goldstein, 1998): score minus ``strength`` times the largest Jaccard similarity
  of the column's values to an item already placed. Must be the last rule. The reason goes to items that a better
  score was passed over for.

A reason stands beside an item only when its rule moved that item; ``by`` may be negative, 0 moves none.
A column is one of the bundle's item columns; several values of an item are separated by ``|``. Dates are ISO 8601
(``1995`` or ``1995-06-01``).
"""

from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

from recsys.core.errors import ArtifactError
from recsys.core.json_files import read_json

POLICY_FILE = "policy.json"
VERSION = 1
SEPARATOR = "|"
MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class RemoveSeen:
    """Leave out what the history holds."""


@dataclass(frozen=True)
class Remove:
    """Leave out items whose ``column`` has ``value``."""

    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Boost:
    """Add ``by`` to the score of items whose ``column`` has ``value``."""

    column: str
    value: str
    by: float
    reason: str


@dataclass(frozen=True)
class Fresh:
    """Add ``by``, halved every ``half_life_days`` since the date in ``column``."""

    column: str
    half_life_days: float
    by: float
    reason: str = "new"


@dataclass(frozen=True)
class Diverse:
    """Order the ``first`` places so that neighbours differ in ``column``."""

    column: str
    strength: float
    first: int
    reason: str = "for variety"


Rule: TypeAlias = RemoveSeen | Remove | Boost | Fresh | Diverse
RULES: dict[str, type[Rule]] = {
    "remove_seen": RemoveSeen,
    "remove": Remove,
    "boost": Boost,
    "fresh": Fresh,
    "diverse": Diverse,
}
LARGEST = 1e9  # of any number in a rule: no score, count or age of an item comes near
NUMBERS: dict[str, type | tuple[type, ...]] = {
    "by": (int, float),
    "strength": (int, float),
    "half_life_days": (int, float),
    "first": int,
}


def read_policy(path: Path) -> tuple[Rule, ...]:
    """The rules of a policy file.

    Raises:
        ArtifactError: names the rule and the key that cannot be used.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ArtifactError(f"larger than {MAX_BYTES} bytes; no policy is")
        value = read_json(path)
    except (OSError, ArtifactError) as error:
        raise ArtifactError(f"{path}: not a policy ({error})") from None
    if not isinstance(value, dict) or value.keys() != {"version", "rules"} or not isinstance(value["rules"], list):
        raise ArtifactError(f'{path}: expected {{"version": {VERSION}, "rules": [...]}} and nothing else')
    if type(value["version"]) is not int or value["version"] != VERSION:
        raise ArtifactError(
            f"{path}: policy version {value['version']!r}, this program reads {VERSION}; upgrade recsys"
        )
    rules = tuple(_rule(one, f"{path}: rule {number}") for number, one in enumerate(value["rules"]))
    for number, rule in enumerate(rules[:-1]):
        if isinstance(rule, Diverse):
            raise ArtifactError(f"{path}: rule {number}: diverse orders the places, so it must be the last rule")
    return rules


def _rule(value: Any, origin: str) -> Rule:
    name = value.get("rule") if isinstance(value, dict) else None
    kind = RULES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ArtifactError(f"{origin}: expected one of {', '.join(RULES)}, found {str(value)[:80]}")
    given = {key: one for key, one in value.items() if key != "rule"}
    known = {field.name: field for field in fields(kind)}
    missing = [name for name, field in known.items() if field.default is MISSING and name not in given]
    unknown = sorted(given.keys() - known.keys())
    if missing or unknown:
        raise ArtifactError(f"{origin}: missing {missing}, unknown {unknown}")
    for name, one in given.items():
        wanted = NUMBERS.get(name, str)
        if not isinstance(one, wanted) or isinstance(one, bool):
            expected = "text" if wanted is str else "a whole number" if wanted is int else "a number"
            raise ArtifactError(f"{origin}: {name} must be {expected}, found {str(one)[:80]}")
        if isinstance(one, int | float) and not abs(one) <= LARGEST:
            raise ArtifactError(f"{origin}: {name} must lie within {LARGEST:.0e} of 0, found {str(one)[:20]}")
    for name in ("half_life_days", "first"):
        if name in given and given[name] <= 0:
            raise ArtifactError(f"{origin}: {name} must be positive, found {given[name]}")
    if given.get("strength", 0) < 0:
        raise ArtifactError(f"{origin}: strength must not be negative: that would bring like items together")
    return kind(**given)
