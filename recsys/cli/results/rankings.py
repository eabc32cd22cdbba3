"""What ``recsys score`` and ``recsys rerank`` print with ``--json``."""

from dataclasses import dataclass
from typing import Any

from recsys.cli.results.base import Result


@dataclass(frozen=True)
class ScoreResult(Result):
    """``recsys score``: the best items of every user.

    Attributes:
        path: the directory of the scores.
        reused: whether they were there already.
        users: how many were scored.
    """

    path: str
    reused: bool
    users: int


@dataclass(frozen=True)
class RerankResult(Result):
    """``recsys rerank``: ordered candidates.

    Attributes:
        bundle: the directory of the bundle that ordered them.
        ranked: best first: ``place`` (from 1), ``item``, ``score`` (null where the model does not know the item) and,
            where the bundle has one, ``title``.
        unknown_types: types of events that a model which reads types has never met, and reads as of an unknown type.
    """

    bundle: str
    ranked: list[dict[str, Any]]
    unknown_types: list[str]
