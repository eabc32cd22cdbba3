"""When a trial is stopped, and what it reports of epochs that nobody watched."""

from pathlib import Path

import optuna
import pytest

from recsys.artifacts.run import Run
from recsys.config import parse_config
from recsys.experiments.trial_pruning import Pruning
from tests import facts

CONFIG = parse_config({"data": {"path": "log.csv"}})


def epoch(number: int, value: float) -> dict[str, float]:
    return {"epoch": number, "seconds": 1.0, "validation/ndcg@10": value}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", CONFIG.to_json(), facts.RUN)


@pytest.fixture
def study() -> optuna.Study:
    """One trial that reached 0.5 in the first epoch; the next below it are stopped."""
    study = optuna.create_study(
        direction="maximize", pruner=optuna.pruners.MedianPruner(n_startup_trials=1, n_warmup_steps=0)
    )
    first = study.ask()
    first.report(0.5, 1)
    study.tell(first, 0.5)
    return study


def test_it_stops_below_the_median_alone(study: optuna.Study, run: Run) -> None:
    Pruning(study.ask()).on_epoch(run, epoch(1, 0.6))
    with pytest.raises(optuna.TrialPruned, match=r"stopped at epoch 1: ndcg@10 0\.4000 is below the median"):
        Pruning(study.ask()).on_epoch(run, epoch(1, 0.4))


def test_seeds_after_the_first_and_epochs_without_validation_are_left_alone(study: optuna.Study, run: Run) -> None:
    Pruning(None).on_epoch(run, epoch(1, 0.1))
    Pruning(study.ask()).on_epoch(run, {"epoch": 1, "loss": 2.0})


def test_what_a_resumed_run_has_behind_it_is_reported_once(study: optuna.Study, run: Run) -> None:
    for number in (1, 2):
        run.log_epoch(epoch(number, 0.6))
    trial = study.ask()
    pruning = Pruning(trial)
    pruning.on_start(run, CONFIG)
    run.log_epoch(epoch(3, 0.7))
    pruning.on_epoch(run, epoch(3, 0.7))
    pruning.catch_up(run)  # a second report of an epoch would be a warning, and so an error
    (running,) = study.get_trials(states=(optuna.trial.TrialState.RUNNING,))
    assert running.intermediate_values == {1: 0.6, 2: 0.6, 3: 0.7}


def test_a_run_that_was_found_finished_is_reported_all_the_same(study: optuna.Study, run: Run) -> None:
    run.log_epoch(epoch(1, 0.1))
    trial = study.ask()
    Pruning(trial).catch_up(run)
    assert study.trials[trial.number].intermediate_values == {1: 0.1}
