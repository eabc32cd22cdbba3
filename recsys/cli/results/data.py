"""What ``recsys data`` and ``recsys prepare`` print with ``--json``."""

from dataclasses import dataclass
from typing import Any

from recsys.cli.results.base import Metrics, Result


@dataclass(frozen=True)
class FetchResult(Result):
    """``recsys data fetch``: a public data set on this machine.

    Attributes:
        name: as it was asked for.
        route: where it came from.
        events: ``path`` and ``sha256`` of the log.
        items: the same of the item table; null where there is none.
    """

    name: str
    route: str
    events: dict[str, str]
    items: dict[str, str] | None


@dataclass(frozen=True)
class SyntheticResult(Result):
    """``recsys data synthetic``: a log drawn from a Markov chain.

    Attributes:
        path: the log.
        events: how many it has.
        made_from: the settings; the same ones give the same bytes.
        best: metrics of the best possible ranking of every user's last event.
        files: SHA-256 of what was written, by name.
    """

    path: str
    events: int
    made_from: dict[str, Any]
    best: Metrics
    files: dict[str, str]


@dataclass(frozen=True)
class PrepareResult(Result):
    """``recsys prepare``: a dataset.

    Attributes:
        path: its directory.
        dataset_digest: of its content.
        reused: whether it was there already.
        counts: of rows ``read``, ``rejected`` and ``dropped`` by reason, and of what is left by kind and by split.
    """

    path: str
    dataset_digest: str
    reused: bool
    counts: dict[str, Any]
