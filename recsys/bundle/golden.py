"""Golden cases: raw history → ids → scores → order, for clients in any language to replay."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.core.events import Event

REPLAYED = 3  # cases that a client replays whenever it loads a bundle


@dataclass(frozen=True)
class GoldenCase:
    """One request and its answer.

    Attributes:
        history: a client's raw events, in any order: those that share a time have arrival numbers.
        candidates: external ids; unknown ones have candidate id 0, unless there are buckets, and are not in ``order``.
        now: when the request is made, in milliseconds since 1970.
        history_ids: what the model is fed, ``history_length`` internal ids.
        candidate_ids: internal ids of ``candidates``.
        scores: of the known candidates, in the order of ``candidates``; None for unknown ones.
        order: indices into ``candidates``, best first; candidates closer than ``tolerance`` may swap.
    """

    history: tuple[Event, ...]
    candidates: tuple[str, ...]
    now: int
    history_ids: tuple[int, ...]
    candidate_ids: tuple[int, ...]
    scores: tuple[float | None, ...]
    order: tuple[int, ...]
    tolerance: float

    def to_json(self) -> dict[str, Any]:
        # An event's type and its value stand only where it has them.
        absent = {("event_type", ""), ("value", None)}
        events = [{k: v for k, v in event._asdict().items() if (k, v) not in absent} for event in self.history]
        rest = ("candidates", "history_ids", "candidate_ids", "scores", "order")
        return {
            "history": events,
            "now": self.now,
            "tolerance": self.tolerance,
            **{name: list(getattr(self, name)) for name in rest},
        }

    def mismatch(self, scores: list[float | None], order: list[int]) -> str | None:
        """What is worst about another runtime's answer, or None; near-ties may swap."""
        apart = [0.0] * len(self.scores)
        for index, (wanted, found) in enumerate(zip(self.scores, scores, strict=True)):
            if (wanted is None) != (found is None):
                return f"candidate {self.candidates[index]!r}: expected score {wanted}, found {found}"
            if wanted is not None and found is not None:
                apart[index] = abs(wanted - found)
        wrong = [index for index, gap in enumerate(apart) if not gap <= self.tolerance]
        if wrong:
            worst = max(wrong, key=lambda index: apart[index])
            return (
                f"candidate {self.candidates[worst]!r}: expected score {self.scores[worst]:.6f}, found "
                f"{scores[worst]:.6f}, the worst of {len(wrong)} wrong scores of {len(apart)}: {apart[worst]:.6f} "
                f"apart, {self.tolerance:.6f} is allowed"
            )
        if sorted(order) != sorted(self.order):
            return f"expected {len(self.order)} ranked candidates, found {len(order)}"
        for place, (wanted_at, found_at) in enumerate(zip(self.order, order, strict=True)):
            ideal, given = self.scores[wanted_at], self.scores[found_at]
            if ideal is None or given is None or abs(ideal - given) > 2 * self.tolerance:
                return f"place {place}: expected {self.candidates[wanted_at]!r}, found {self.candidates[found_at]!r}"
        return None


def chosen(cases: list[GoldenCase]) -> list[tuple[int, GoldenCase]]:
    """The ``REPLAYED`` cases, with their numbers, that tell most of a runtime: those with a history first."""
    return sorted(enumerate(cases), key=lambda numbered: not any(numbered[1].history_ids))[:REPLAYED]


def write_golden(path: Path, cases: list[GoldenCase]) -> None:
    text = json.dumps([case.to_json() for case in cases], ensure_ascii=False, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8")
