"""What ``recsys promote`` prints with ``--json``."""

from dataclasses import dataclass
from typing import Any

from recsys.cli.results.base import Result


@dataclass(frozen=True)
class PromoteResult(Result):
    """``recsys promote``: a verdict.

    Attributes:
        promoted: whether the run's model is the champion now.
        version: of the registered model.
        champion_before: the version that was; null where there was none.
        reason: of the verdict, in a sentence.
        checks: of the gate: ``name``, ``passed``, ``evidence`` and, of a comparison, ``test`` with ``difference``,
            ``bound``, ``users`` and ``detectable``, as ``NonInferiority`` documents them; else null.
    """

    promoted: bool
    version: str
    champion_before: str | None
    reason: str
    checks: list[dict[str, Any]]


@dataclass(frozen=True)
class RollbackResult(Result):
    """``recsys promote --rollback``: two versions of the registered model.

    Attributes:
        champion: the one that serves again.
        rolled_back: the one that served until now.
    """

    champion: str
    rolled_back: str
