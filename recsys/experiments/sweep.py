"""A search over config fields: trials as runs under one parent, the hopeless ones stopped early, resumable.

The journal in ``work_dir/sweeps/DIGEST`` knows every trial; runs are found again by their digests. So the same command
goes on where a killed one was, and more ``trials`` add to those that are there.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import optuna

from recsys.artifacts.run import Run
from recsys.config import Config
from recsys.core.digests import digest
from recsys.core.errors import BusyError, ConfigError, DataError, DivergedError
from recsys.core.locks import claimed
from recsys.core.schema import SWEEPS_DIR
from recsys.experiments.space import Dimension, Point, check_space, grid, random_points, with_values
from recsys.experiments.study import VALUES, Backend, journal_file, open_study, optuna_quiet, settle, settled
from recsys.experiments.trial import Trial
from recsys.experiments.trial_pruning import METRIC, Pruning

# Part of a sweep's name: raise it when its journal would be written, or its points drawn, otherwise.
SWEEP_VERSION = 3
_NEVER = optuna.pruners.NopPruner()

# Makes a config into a finished run, telling the callbacks as ``recsys.training.stage.train`` does.
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
    """What a sweep is: other data, model, space, method or seeds make another sweep; more trials and other baselines
    do not. Where the space changes the data or the way of measuring, so do all settings but the tracking's."""
    sections = {**config.to_json(), "tracking": None} if plan.mixed else {}
    if sections:
        sections["training"] = {**sections["training"], "seed": None}
    about = [subject, sections, [repr(dimension) for dimension in space], plan.method, plan.seeds, plan.prune]
    return digest([*about, SWEEP_VERSION])


def sweep(
    config: Config,
    space: Sequence[Dimension],
    plan: Plan,
    work_dir: Path,
    make_run: MakeRun,
    subject: str,
    open_log: OpenLog,
    backend: Backend = journal_file,
) -> list[Trial]:
    """Search ``space`` around ``config``; returns every trial, best first.

    A trial fails by its own fault only: values that do not go together, a loss that diverges, or data that cannot be
    used where the space changes them. Anything else ends the sweep, and the same command takes the trial up again.

    Args:
        subject: digest of what is trained on what; scores under another one are not comparable.
        backend: opens the journal.

    Raises:
        ConfigError: a space that cannot be searched, or the same sweep under way in another process.
        RecsysError: the log cannot be opened.
    """
    check_space(space, config, mixed=plan.mixed)
    name = sweep_digest(config, space, plan, subject)
    directory = work_dir / SWEEPS_DIR / name
    points = _points(space, plan, seed=int(name[:8], 16))
    directory.mkdir(parents=True, exist_ok=True)
    with claimed(directory, f"sweep {name[:8]}"), optuna_quiet():
        pruner = optuna.pruners.MedianPruner(n_warmup_steps=plan.warmup_epochs) if plan.prune else _NEVER
        study = open_study(directory, name, points or (), pruner=pruner, backend=backend)
        log = open_log(name, [str(dimension) for dimension in space], plan.method)
        wanted = plan.trials if points is None else len(points)
        assert wanted is not None  # _points has seen to it
        while len(settled(study)) < wanted:
            trial = study.ask()
            settle(study, trial, _try_one(trial, config, space, plan, make_run, log, name))
            log.update(settled(study))
        log.finish(settled(study))
        return sorted(settled(study), key=_rank)


def _points(space: Sequence[Dimension], plan: Plan, seed: int) -> list[Point] | None:
    """All that is to be tried, in order; None where each trial depends on those before it.

    Raises:
        ConfigError: the number of trials is left open, and only a grid ends by itself.
    """
    if plan.method == "grid":
        return list(grid(space))[: plan.trials]
    if plan.trials is None:
        raise ConfigError("--trials: say how many; only a grid ends by itself")
    return random_points(space, plan.trials, seed) if plan.method == "random" else None


def _try_one(
    trial: optuna.Trial,
    config: Config,
    space: Sequence[Dimension],
    plan: Plan,
    make_run: MakeRun,
    log: SweepLog,
    name: str,
) -> Trial:
    values = {dimension.key: dimension.suggest(trial) for dimension in space}
    trial.set_user_attr(VALUES, values)
    scores: list[float] = []
    digests: list[str] = []

    def outcome(state: str, score: float | None = None, reason: str = "") -> Trial:
        return Trial(trial.number, state, values, score, reason, tuple(digests))

    try:
        chosen = with_values(config, values)
        for seed in plan.seeds:
            seeded = with_values(chosen, {"training.seed": str(seed)})
            pruning = Pruning(trial if seed == plan.seeds[0] else None)
            with log.callback() as watching:
                run = make_run(seeded, f"{name[:6]}-t{trial.number}-s{seed}", [watching, pruning])
            pruning.catch_up(run)
            scores.append(float(run.metrics["validation"][METRIC]))
            digests.append(run.digest)
    except optuna.TrialPruned as pruned:
        return outcome("pruned", reason=str(pruned))
    except (ConfigError, DivergedError, DataError) as error:
        if isinstance(error, BusyError) or (isinstance(error, DataError) and not plan.mixed):
            raise  # another process's doing; or the data's, which are every trial's
        return outcome("fail", reason=str(error))
    return outcome("complete", sum(scores) / len(scores))


def _rank(trial: Trial) -> tuple[float, int]:
    return (float("inf") if trial.score is None else -trial.score, trial.number)
