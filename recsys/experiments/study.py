"""The journal of a sweep: an Optuna study of one process at a time, which a kill at any moment leaves whole.

Every trial ends in two writes: its outcome as a user attribute, which this module reads, then Optuna's own ``tell``.
What a kill leaves between any two writes is settled when the study is opened again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend, JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from recsys.experiments.space import Point
from recsys.experiments.trial import Trial

JOURNAL = "journal.log"
VALUES, TELL, RETRIES = "values", "tell", "retries"  # a trial's user attributes

Backend = Callable[[Path], BaseJournalBackend]


class _Claimed(JournalFileOpenLock):
    """No lock: the sweep's directory is claimed already, and Optuna's lock file would outlive a kill for 30 seconds."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        """Nothing was taken."""


def journal_file(path: Path) -> BaseJournalBackend:
    """The journal at ``path``, without the line that a kill cut short: the next would be written on to it."""
    if path.exists():
        content = path.read_bytes()
        with path.open("r+b") as file:
            file.truncate(content.rfind(b"\n") + 1)
    return JournalFileBackend(str(path), lock_obj=_Claimed(str(path)))


def open_study(
    directory: Path,
    name: str,
    points: Sequence[Point],
    *,
    pruner: optuna.pruners.BasePruner,
    backend: Backend = journal_file,
) -> optuna.Study:
    """The study in ``directory``, made or taken up again: what a kill interrupted is next, then ``points`` to come.

    Args:
        backend: opens the journal.
    """
    storage = JournalStorage(backend(directory / JOURNAL))
    study = optuna.create_study(
        storage=storage, study_name=name, direction="maximize", pruner=pruner, load_if_exists=True
    )
    _take_up(study)
    known = [_asked(one) for one in study.get_trials(deepcopy=False)]
    for point in points:
        if point not in known:
            study.enqueue_trial(point)
    # What is taken up again must not draw what it drew before, and how much that was the journal does not say.
    study.sampler = optuna.samplers.TPESampler(seed=None if known else int(name[:8], 16))
    return study


def settle(study: optuna.Study, trial: optuna.Trial, outcome: Trial) -> None:
    """Write down what became of a trial."""
    tell = {"state": outcome.state, "value": outcome.score, "reason": outcome.reason, "runs": list(outcome.runs)}
    trial.set_user_attr(TELL, tell)
    _tell(study, trial.number, tell)


def settled(study: optuna.Study) -> list[Trial]:
    """The trials that need no more work, in the order in which they began."""
    finished = [one for one in study.get_trials(deepcopy=False) if one.state.is_finished() and TELL in one.user_attrs]
    return [_trial(one) for one in finished]


@contextmanager
def optuna_quiet() -> Iterator[None]:
    """Trials are reported by this program; whoever uses Optuna beside it finds its logging as it was."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(before, optuna.logging.WARNING))
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _take_up(study: optuna.Study) -> None:
    """Finish trials whose outcome is known, and queue again those that a kill interrupted, each once."""
    trials = study.get_trials(deepcopy=False)
    queued = {one.user_attrs.get(RETRIES) for one in trials}
    for stale in trials:
        if stale.state != TrialState.RUNNING:
            continue
        if TELL in stale.user_attrs:
            _tell(study, stale.number, stale.user_attrs[TELL])
            continue
        if stale.number not in queued:  # or it was killed after the next line, before the one that follows
            study.enqueue_trial(_asked(stale), user_attrs={RETRIES: stale.number})
        study.tell(stale.number, state=TrialState.FAIL)


def _asked(one: FrozenTrial) -> dict[str, Any]:
    """The values that a trial was queued with, and those that were drawn for it so far."""
    return {**one.system_attrs.get("fixed_params", {}), **one.params}


def _tell(study: optuna.Study, number: int, tell: dict[str, Any]) -> None:
    study.tell(number, tell["value"], state=TrialState[tell["state"].upper()])


def _trial(one: FrozenTrial) -> Trial:
    tell = one.user_attrs[TELL]
    runs = tuple(tell["runs"])
    return Trial(one.number, tell["state"], one.user_attrs[VALUES], tell["value"], tell["reason"], runs)
