"""One point of a sweep."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trial:
    """What was tried and what came of it.

    Attributes:
        number: in the order in which trials began.
        state: ``complete``, ``pruned`` (stopped early) or ``fail``.
        values: the searched keys as they were set.
        score: mean validation NDCG@10 over the seeds; None unless complete.
        reason: why it did not complete.
        runs: digests of the runs that did.
    """

    number: int
    state: str
    values: dict[str, str]
    score: float | None
    reason: str
    runs: tuple[str, ...]
