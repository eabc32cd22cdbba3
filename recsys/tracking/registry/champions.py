"""Who serves: the aliases ``champion`` and ``best``, whom a candidate is held against, and the way back."""

import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple

from recsys.core.errors import ConfigError
from recsys.core.locks import exclusive
from recsys.experiments.measured_run import MeasuredRun
from recsys.tracking.registry.registry import Version, annotate, check_name, run_of, version_of
from recsys.tracking.store.errors import store_errors
from recsys.tracking.store.store import Store

CHAMPION = "champion"
BEST = "best"  # the best champion so far: what a chain of small losses is held against
VERDICT_TAG = "gate.verdict"
BEFORE_TAG = "gate.champions_before"  # of the registered model: what a rollback goes back through, newest last
REMEMBERED = 100  # champions before; the databases of servers keep 5,000 characters a tag


class Champions(NamedTuple):
    """The versions that the aliases point at; None where there is no such alias."""

    champion: Version | None
    best: Version | None


def champions(store: Store, name: str) -> Champions:
    """Who serves, and the best so far."""
    return Champions(_by_alias(store, name, CHAMPION), _by_alias(store, name, BEST))


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


def one_at_a_time(work_dir: Path) -> AbstractContextManager[None]:
    """What whoever moves the aliases holds; without a work directory there is nobody on this machine to wait for."""
    return exclusive(work_dir) if work_dir.is_dir() else nullcontext()


def set_champion(store: Store, name: str, version: Version, *, is_best: bool) -> None:
    """Point the alias at ``version``, and remember whom it replaced. Hold ``one_at_a_time`` around it.

    Args:
        is_best: whether it has been shown to be better than the best so far, or is the first.
    """
    before = champions(store, name)
    with store_errors(store.place):
        if before.champion is not None and before.champion.number != version.number:
            best = before.champion if before.best is None else before.best
            earlier = _earlier(store, name, before.champion)
            _remember(store, name, [*earlier, (before.champion.number, best.number)])
        store.client.set_registered_model_alias(name, CHAMPION, version.number)
        if is_best:
            store.client.set_registered_model_alias(name, BEST, version.number)


def roll_back(store: Store, name: str, work_dir: Path) -> tuple[Version, Version]:
    """Give the aliases back to what they were before the champion; returns ``(old champion, new champion)``.

    Raises:
        ConfigError: there is no champion, or none is remembered that it replaced.
    """
    check_name(name)
    with one_at_a_time(work_dir):
        now = champions(store, name).champion
        if now is None:
            raise ConfigError(f"{name}: has no champion; recsys promote RUN makes one")
        with store_errors(store.place):
            earlier = _earlier(store, name, now)
            if not earlier:
                raise ConfigError(
                    f"{name}: no champion before version {now.number} is remembered; there is nothing to go back to"
                )
            champion, best = earlier.pop()
            store.client.set_registered_model_alias(name, BEST, best)
            store.client.set_registered_model_alias(name, CHAMPION, champion)
            _remember(store, name, earlier)
            again = version_of(store.client.get_model_version(name, champion))
        annotate(store, name, now, {VERDICT_TAG: "rolled back"})
        annotate(store, name, again, {VERDICT_TAG: "promoted"})
    return now, again


def _by_alias(store: Store, name: str, alias: str) -> Version | None:
    from mlflow import MlflowException

    with store_errors(store.place):
        try:
            return version_of(store.client.get_model_version_by_alias(name, alias))
        except MlflowException as error:
            if error.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"):
                return None  # no such alias, or no such model
            raise


def _earlier(store: Store, name: str, champion: Version) -> list[tuple[str, str]]:
    """The champions before ``champion``, each with the best champion of its day, newest last.

    None follows itself: where the newest is ``champion``, the alias did not move after all when it was remembered.
    """
    text = store.client.get_registered_model(name).tags.get(BEFORE_TAG, "[]")
    pairs = [(str(one), str(best)) for one, best in json.loads(text)]
    while pairs and pairs[-1][0] == champion.number:
        pairs.pop()
    return pairs


def _remember(store: Store, name: str, earlier: list[tuple[str, str]]) -> None:
    store.client.set_registered_model_tag(name, BEFORE_TAG, json.dumps(earlier[-REMEMBERED:]))
