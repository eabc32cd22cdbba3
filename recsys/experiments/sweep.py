"""A search over config fields: trials as runs under one parent, the hopeless ones stopped early, resumable.

The journal in ``work_dir/sweeps/DIGEST`` knows every trial; runs are found again by their digests. So the same command
goes on where a killed one was, and more ``trials`` add to those that are there.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from recsys.artifacts.run import Run
from recsys.config import Config
from recsys.core.digests import digest
from recsys.core.errors import BusyError, ConfigError, DataError, DivergedError
from recsys.core.locks import claimed
from recsys.core.schema import SWEEPS_DIR
from recsys.experiments.space import Dimension, check_space, grid, with_values
from recsys.experiments.trial import Trial
from recsys.experiments.trial_pruning import METRIC, Pruning

# Makes a config into a finished run, telling the callbacks as the trainer does.
MakeRun = Callable[[Config, str, Sequence[Any]], Run]


class SweepLog(Protocol):
    """Where a sweep and its trials are shown while it goes on; MLflow is one."""

    def callback(self) -> AbstractContextManager[Any]:
        """What watches the training of one run of a trial."""

    def update(self, trials: Sequence[Trial]) -> None:
        """A trial has settled; ``trials`` are all that have."""

    def finish(self, trials: Sequence[Trial]) -> None:
        """The sweep has ended."""


# Opens the log of a sweep, by its digest, the dimensions that it searches and its method.
OpenLog = Callable[[str, Sequence[str], str], SweepLog]


@dataclass(frozen=True)
class Plan:
    """How to search.

    Attributes:
        trials: how many points; None is all of a grid.
        seeds: trainings a point; the mean over them is what counts.
        prune: stop a trial whose first seed is below the median of the earlier ones at the same epoch.
        warmup_epochs: epochs before a trial may be stopped.
        mixed: search even fields that change the data or the way of measuring.
    """

    method: Literal["grid", "random", "tpe"] = "tpe"
    trials: int | None = None
    seeds: tuple[int, ...] = (1,)
    prune: bool = True
    warmup_epochs: int = 5
    mixed: bool = False


def sweep_digest(config: Config, space: Sequence[Dimension], plan: Plan, subject: str) -> str:
    """What a sweep is: other data, space, method or seeds make another sweep; more trials do not."""
    sections = {**config.to_json(), "tracking": None}
    sections["training"] = {**sections["training"], "seed": None}
    return digest([subject, sections, [repr(dimension) for dimension in space], plan.method, plan.seeds, plan.prune])


def sweep(
    config: Config,
    space: Sequence[Dimension],
    plan: Plan,
    work_dir: Path,
    make_run: MakeRun,
    subject: str,
    open_log: OpenLog,
) -> list[Trial]:
    """Search ``space`` around ``config``; returns every trial, best first.

    A trial fails by its own fault only: values that do not go together, a loss that diverges, or data that cannot be
    used where the space changes them. Anything else ends the sweep, and the same command takes the trial up again.

    Args:
        subject: digest of what is trained on what; scores under another one are not comparable.

    Raises:
        ConfigError: a space that cannot be searched, or the same sweep under way in another process.
        RecsysError: the log cannot be opened.
    """
    check_space(space, config, mixed=plan.mixed)
    name = sweep_digest(config, space, plan, subject)
    directory = work_dir / SWEEPS_DIR / name
    points = list(grid(space)) if plan.method == "grid" else []
    wanted = _wanted(plan, points)
    directory.mkdir(parents=True, exist_ok=True)
    with claimed(directory, f"sweep {name[:8]}"), _optuna_quiet():
        study = _study(directory, name, plan)
        for point in points:
            study.enqueue_trial(point, skip_if_exists=True)
        _take_up(study)
        log = open_log(name, [str(dimension) for dimension in space], plan.method)
        while len(settled(study)) < wanted:
            _try_one(study, config, space, plan, make_run, log)
            log.update(settled(study))
        log.finish(settled(study))
        return sorted(settled(study), key=_rank)


def settled(study: optuna.Study) -> list[Trial]:
    """The trials that need no more work, in the order in which they began."""
    return [_trial(one) for one in study.get_trials(deepcopy=False) if _told(one).get("state") == _word(one.state)]


def _try_one(
    study: optuna.Study,
    config: Config,
    space: Sequence[Dimension],
    plan: Plan,
    make_run: MakeRun,
    log: SweepLog,
) -> None:
    trial = study.ask()
    values = {dimension.key: dimension.suggest(trial) for dimension in space}
    trial.set_user_attr("values", values)
    scores: list[float] = []
    digests: list[str] = []
    try:
        chosen = with_values(config, values)
        for seed in plan.seeds:
            seeded = with_values(chosen, {"training.seed": str(seed)})
            pruning = Pruning(trial if seed == plan.seeds[0] else None)
            name = f"{study.study_name[:6]}-t{trial.number}-s{seed}"
            with log.callback() as watching:
                run = make_run(seeded, name, [watching, pruning])
            scores.append(float(run.metrics["validation"][METRIC]))
            digests.append(run.digest)
    except optuna.TrialPruned as pruned:
        _tell(study, trial, TrialState.PRUNED, None, str(pruned), digests)
    except (ConfigError, DivergedError, DataError) as error:
        if isinstance(error, BusyError) or (isinstance(error, DataError) and not plan.mixed):
            raise  # another process's doing; or the data's, which are every trial's
        _tell(study, trial, TrialState.FAIL, None, str(error), digests)
    else:
        _tell(study, trial, TrialState.COMPLETE, sum(scores) / len(scores), "", digests)


def _study(directory: Path, name: str, plan: Plan) -> optuna.Study:
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(directory / "journal.log"))),
        study_name=name,
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_warmup_steps=plan.warmup_epochs)
        if plan.prune
        else optuna.pruners.NopPruner(),
        load_if_exists=True,
    )
    # A sweep that is taken up again must not draw the points that it drew before.
    seed = int(name[:6], 16) + len(study.trials)
    sampler = optuna.samplers.TPESampler if plan.method == "tpe" else optuna.samplers.RandomSampler
    study.sampler = sampler(seed=seed)
    return study


@contextmanager
def _optuna_quiet() -> Iterator[None]:
    """Trials are told by this program; whoever uses Optuna beside it finds its logging as it was."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(before, optuna.logging.WARNING))
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _take_up(study: optuna.Study) -> None:
    """Queue again what a killed sweep was in the middle of."""
    for stale in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(stale.number, state=TrialState.FAIL)
        study.enqueue_trial(stale.system_attrs.get("fixed_params", stale.params))


def _tell(
    study: optuna.Study, trial: optuna.Trial, state: TrialState, score: float | None, reason: str, runs: list[str]
) -> None:
    # In one write, and before Optuna's own: a trial that is killed between the two is tried again.
    trial.set_user_attr("told", {"state": _word(state), "reason": reason, "runs": runs})
    study.tell(trial, score, state=state)


def _told(one: FrozenTrial) -> dict[str, Any]:
    told: dict[str, Any] = one.user_attrs.get("told", {})
    return told


def _word(state: TrialState) -> str:
    return state.name.lower()


def _trial(one: FrozenTrial) -> Trial:
    told = _told(one)
    score = one.value if one.state == TrialState.COMPLETE else None
    return Trial(one.number, told["state"], one.user_attrs["values"], score, told["reason"], tuple(told["runs"]))


def _rank(trial: Trial) -> tuple[float, int]:
    return (float("inf") if trial.score is None else -trial.score, trial.number)


def _wanted(plan: Plan, points: Sequence[Any]) -> int:
    if plan.trials is None and not points:
        raise ConfigError("--trials: say how many; only a grid ends by itself")
    if plan.trials is None:
        return len(points)
    return min(plan.trials, len(points)) if points else plan.trials
