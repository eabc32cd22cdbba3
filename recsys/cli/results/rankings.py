"""What ``recsys score``, ``rerank``, ``similar`` and ``explain`` print with ``--json``."""

from dataclasses import dataclass
from typing import Any

from recsys.cli.results.base import Result


@dataclass(frozen=True)
class ScoreResult(Result):
    """``recsys score``: the best items of every user, or with ``--related`` those nearest to every item.

    Attributes:
        path: the directory of the scores.
        reused: whether they were there already.
        of: ``users`` or ``items``.
        lists: how many there are.
    """

    path: str
    reused: bool
    of: str
    lists: int


@dataclass(frozen=True)
class RerankResult(Result):
    """``recsys rerank``: ordered candidates.

    Attributes:
        bundle: the directory of the bundle that ordered them.
        ranked: best first: ``place`` (from 1), ``item``, ``score`` (null where the model does not know the item) and,
            where the bundle has one, ``title``.
        unknown_items: items of the history that the model does not know, and leaves out of it.
        unknown_types: types of events that a model which reads types has never met, and reads as of an unknown type.
        odd_times: what is hardly meant so of the times of events, where a model reads them: seconds for milliseconds,
            events later than the request.
    """

    bundle: str
    ranked: list[dict[str, Any]]
    unknown_items: list[str]
    unknown_types: list[str]
    odd_times: list[str]


@dataclass(frozen=True)
class SimilarResult(Result):
    """``recsys similar``: the items nearest to one.

    Attributes:
        run: the run's directory.
        item: the ``item`` that was asked for, with its ``title`` where the dataset has one.
        neighbours: nearest first, by ``embedding`` and, where the model reads features of items, by ``own`` and
            ``features``: the ``item``, its ``title`` where there is one, and the ``cosine`` of the two vectors.
    """

    run: str
    item: dict[str, Any]
    neighbours: dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class ExplainResult(Result):
    """``recsys explain``: why items are ranked where they are.

    Attributes:
        run: the run's directory.
        user: whose history it is; null where ``--history`` gives one.
        explained: in the order of ``--items``: the ``item``, its ``title`` where there is one, and its ``score``, which
            is the sum of ``average`` (what the average item of the catalog has), ``own`` (its own vector), ``memory``
            and all ``features``, by column. ``because`` has the events that speak for it, the strongest first: the
            ``item``, its ``title``, its ``attribution`` (what the score loses without the event) and what both items
            have in common, ``shared``: the values, by column.
        unknown_items: items of ``--history`` that the model does not know, and leaves out of it.
    """

    run: str
    user: str | None
    explained: list[dict[str, Any]]
    unknown_items: list[str]
