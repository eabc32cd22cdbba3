"""Whom a candidate is held against: the champion of the day, and the best champion so far."""

from typing import NamedTuple

from recsys.experiments.measured_run import MeasuredRun
from recsys.tracking.registry.champions import Champions
from recsys.tracking.registry.registry import Version, run_of
from recsys.tracking.store.store import Store


class Contender(NamedTuple):
    """A version of the registered model and the run that it came from."""

    version: Version
    run: MeasuredRun


class Rival(NamedTuple):
    """Whom a candidate is held against.

    Attributes:
        check: what the check is called.
        called: what the rival is called, with its version.
    """

    check: str
    called: str
    contender: Contender


def rivals_of(store: Store, candidate: str, now: Champions) -> list[Rival]:
    """The rivals of the version ``candidate``, the best champion so far last; nobody where it is the champion already.

    Raises:
        ArtifactError: a rival's run lacks what recsys writes.
        StoreError: the store is away.
    """
    if now.champion is None or now.champion.number == candidate:
        return []
    found = [("quality", "the champion", now.champion)]
    if now.best is not None and now.best.number not in (candidate, now.champion.number):
        found.append(("best", "the best champion so far", now.best))
    return [
        Rival(check, f"{role} (version {version.number})", Contender(version, run_of(store, version)))
        for check, role, version in found
    ]
