"""Read a ``golden.json`` that no one vouches for."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from recsys.bundle.events import check_item, check_now, event_from_json
from recsys.bundle.golden import GoldenCase
from recsys.core.errors import ArtifactError, DataError
from recsys.core.json_files import read_json

MAX_BYTES = 1 << 26
LARGEST = 1e9  # of a score or a tolerance: no model's come near
LARGEST_ID = 2**31 - 1
KEYS = [field.name for field in fields(GoldenCase)]


def read_golden(path: Path) -> list[GoldenCase]:
    """The cases of a ``golden.json``.

    Raises:
        ArtifactError: not JSON, or not a list of cases; names the case and the key.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ArtifactError(f"{path}: larger than {MAX_BYTES} bytes; no golden cases are")
        value = read_json(path)
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read ({error.strerror})") from None
    if not isinstance(value, list):
        raise ArtifactError(f"{path}: expected a list of golden cases, found {type(value).__name__}")
    try:
        return [_case(one, f"{path}: case {number}") for number, one in enumerate(value)]
    except DataError as error:
        raise ArtifactError(str(error)) from None


def _case(value: Any, origin: str) -> GoldenCase:
    if not isinstance(value, dict) or sorted(value) != sorted(KEYS):
        found = sorted(value) if isinstance(value, dict) else type(value).__name__
        raise ArtifactError(f"{origin}: expected an object with {', '.join(KEYS)}, found {found}")

    def listed(name: str, fits: Callable[[Any], bool], wanted: str) -> tuple[Any, ...]:
        if not isinstance(value[name], list):
            raise ArtifactError(f"{origin}: {name} must be a list, found {type(value[name]).__name__}")
        for place, one in enumerate(value[name]):
            if not fits(one):
                raise ArtifactError(f"{origin}: {name}: {place} must be {wanted}, found {type(one).__name__}")
        return tuple(value[name])

    events = listed("history", lambda one: True, "an event")
    case = GoldenCase(
        history=tuple(event_from_json(one, f"{origin}: history[{place}]") for place, one in enumerate(events)),
        candidates=listed("candidates", lambda one: isinstance(one, str), "an item id"),
        now=check_now(value["now"], origin),
        history_ids=listed("history_ids", _is_id, "an internal id"),
        candidate_ids=listed("candidate_ids", _is_id, "an internal id"),
        scores=listed("scores", lambda one: one is None or _is_number(one), "a number or null"),
        order=listed("order", _is_id, "a place"),
        tolerance=value["tolerance"],
    )
    for place, item in enumerate(case.candidates):
        check_item(item, f"{origin}: candidates[{place}]")
    if not _is_number(case.tolerance) or case.tolerance <= 0:
        raise ArtifactError(f"{origin}: tolerance must be positive and finite")
    if not len(case.candidates) == len(case.candidate_ids) == len(case.scores):
        raise ArtifactError(f"{origin}: candidates, candidate_ids and scores must be of one length")
    if sorted(case.order) != [place for place, score in enumerate(case.scores) if score is not None]:
        raise ArtifactError(f"{origin}: order must name every candidate that has a score once")
    return case


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_ID


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
