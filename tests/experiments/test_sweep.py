"""Sweeps over a function that stands in for training: what is tried, stopped and taken up again."""

from pathlib import Path
from typing import Any

import pytest

from recsys.artifacts.run import Run
from recsys.config import Config, parse_config
from recsys.core.errors import BusyError, ConfigError, DataError, DivergedError
from recsys.core.locks import claimed
from recsys.experiments.space import parse_dimension
from recsys.experiments.sweep import Plan, sweep
from recsys.experiments.trial import Trial, trial_rows
from tests.experiments.runs import Unwatched, begin_run, sealed

SPACE = [parse_dimension("model.width=8,16,32")]
GRID = Plan("grid", seeds=(1, 2), prune=False)


class Killed(BaseException):
    """As if the process had been killed: nothing may catch it."""


class Training:
    """A trainer whose quality on validation grows with the width, and on test falls with it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.calls: list[tuple[int, int]] = []
        self.fails_at: dict[tuple[int, int], BaseException] = {}

    def __call__(self, config: Config, name: str, callbacks: Any) -> Run:
        point = (config.model.width, config.training.seed)
        self.calls.append(point)
        if point in self.fails_at:
            raise self.fails_at.pop(point)
        run = begin_run(self._directory, config, seed=point[1])
        if run.is_finished:
            return run
        watching = [callback for callback in callbacks if callback is not None]
        for callback in watching:
            callback.on_start(run, config)
        for epoch in (1, 2, 3):
            metrics = {"epoch": epoch, "seconds": 1.0, "validation/ndcg@10": point[0] / 100 * epoch / 3}
            run.log_epoch(metrics)
            for callback in watching:
                callback.on_epoch(run, metrics)
        sealed(run, point[0] / 100, [float(point[0])])
        for callback in watching:
            callback.on_end(run)
        return run


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    return tmp_path / "work"


@pytest.fixture
def training(work_dir: Path) -> Training:
    return Training(work_dir)


@pytest.fixture
def config() -> Config:
    return parse_config({"data": {"path": "log.csv"}, "model": {"max_length": 10, "positions": "newest"}})


def search(config: Config, space: Any, plan: Plan, work_dir: Path, make_run: Training, subject: str) -> list[Trial]:
    return sweep(config, space, plan, work_dir, make_run, subject, Unwatched)


def test_a_grid_tries_everything_with_every_seed(config: Config, training: Training, work_dir: Path) -> None:
    trials = search(config, SPACE, GRID, work_dir, training, "ring")
    assert training.calls == [(w, s) for w in (8, 16, 32) for s in (1, 2)]
    assert [trial.values["model.width"] for trial in trials] == ["32", "16", "8"]
    assert [trial.score for trial in trials] == pytest.approx([0.32, 0.16, 0.08])


def test_every_training_has_a_row_and_a_failed_trial_says_why(
    config: Config, training: Training, work_dir: Path
) -> None:
    training.fails_at[32, 1] = DivergedError("the loss is not finite")
    rows = trial_rows(search(config, SPACE, GRID, work_dir, training, "ring"), work_dir)
    assert [*zip(rows["model.width"], rows["seed"], rows["state"], strict=True)][:4] == [
        ("16", 1, "complete"), ("16", 2, "complete"), ("8", 1, "complete"), ("8", 2, "complete")
    ]  # fmt: skip
    assert rows["validation_ndcg@10"][:4].tolist() == pytest.approx([0.16, 0.16, 0.08, 0.08])
    assert rows["validation_hr@10"][:4].tolist() == pytest.approx([0.32, 0.32, 0.16, 0.16])
    assert rows["test_hr@10"][:4].tolist() == [0, 0, 1, 1], "the only target is at rank 16, and at rank 8"
    (failed,) = rows[4:].to_dict("records")
    assert (failed["model.width"], failed["state"], failed["run"]) == (
        "32",
        "fail",
        pytest.approx(float("nan"), nan_ok=True),
    )
    assert "the loss is not finite" in failed["reason"]


def test_done_it_does_nothing_and_more_trials_add(config: Config, training: Training, work_dir: Path) -> None:
    plan = Plan("random", trials=2, prune=False)
    space = [parse_dimension("model.width=8..64")]
    first = search(config, space, plan, work_dir, training, "ring")
    training.calls.clear()
    assert search(config, space, plan, work_dir, training, "ring") == first
    assert training.calls == []
    more = search(config, space, Plan("random", trials=5, prune=False), work_dir, training, "ring")
    assert len(more) == 5
    assert len(training.calls) == 3
    assert {trial.number for trial in first} <= {trial.number for trial in more}


def test_a_trial_that_fails_is_told_and_the_rest_goes_on(config: Config, training: Training, work_dir: Path) -> None:
    training.fails_at[16, 1] = DivergedError("training: the loss became nan in epoch 3")
    trials = search(config, SPACE, GRID, work_dir, training, "ring")
    assert [trial.state for trial in trials] == ["complete", "complete", "fail"]
    assert trials[-1].reason == "training: the loss became nan in epoch 3"


@pytest.mark.parametrize("trouble", [DataError("the log cannot be fetched"), BusyError("already under way")])
def test_trouble_that_is_not_the_trials_ends_the_sweep_and_is_tried_again(
    config: Config, training: Training, work_dir: Path, trouble: Exception
) -> None:
    training.fails_at[16, 1] = trouble
    with pytest.raises(type(trouble)):
        search(config, SPACE, GRID, work_dir, training, "ring")
    trials = search(config, SPACE, GRID, work_dir, training, "ring")
    assert [(trial.state, trial.values["model.width"]) for trial in trials] == [
        ("complete", width) for width in ("32", "16", "8")
    ]


def test_other_data_make_another_sweep(config: Config, training: Training, work_dir: Path) -> None:
    for subject in ("ring", "ring with another night"):
        search(config, SPACE, GRID, work_dir, training, subject)
    assert len(list((work_dir / "sweeps").iterdir())) == 2


def test_values_that_do_not_go_together_fail_alone(config: Config, training: Training, work_dir: Path) -> None:
    space = [parse_dimension("model.width=8,16"), parse_dimension("model.heads=1,3")]
    trials = search(config, space, Plan("grid", prune=False), work_dir, training, "ring")
    assert [trial.state for trial in trials] == ["complete", "complete", "fail", "fail"]
    assert "must be a multiple of model.heads" in trials[-1].reason


def test_one_process_at_a_time(config: Config, training: Training, work_dir: Path) -> None:
    search(config, SPACE, GRID, work_dir, training, "ring")
    (directory,) = (work_dir / "sweeps").iterdir()
    with claimed(directory, "this test"), pytest.raises(ConfigError, match="already under way"):
        search(config, SPACE, GRID, work_dir, training, "ring")


def test_without_a_grid_the_number_of_trials_is_asked_for(config: Config, training: Training, work_dir: Path) -> None:
    with pytest.raises(ConfigError, match="--trials"):
        search(config, SPACE, Plan("tpe"), work_dir, training, "ring")


def test_hopeless_trials_are_stopped(config: Config, training: Training, work_dir: Path) -> None:
    """Wide ones first, five of them (the pruner's start), then one that is worse at every epoch."""
    space = [parse_dimension("model.width=64,65,66,67,68,8")]
    trials = search(config, space, Plan("grid", warmup_epochs=0), work_dir, training, "ring")
    (stopped,) = [trial for trial in trials if trial.state == "pruned"]
    assert stopped.values == {"model.width": "8"}
    assert "stopped at epoch 1" in stopped.reason


def test_validation_is_all_that_is_read_of_a_run(config: Config, work_dir: Path) -> None:
    """A run whose test figures and ranks are gone is as good a trial as any."""

    class Blind(Training):
        def __call__(self, config: Config, name: str, callbacks: Any) -> Run:
            run = super().__call__(config, name, callbacks)
            run.metrics_file.write_text('{"validation": {"ndcg@10": 0.5}}')
            run.ranks_file.unlink(missing_ok=True)
            return run

    trials = search(config, SPACE, GRID, work_dir, Blind(work_dir), "ring")
    assert [trial.score for trial in trials] == [0.5] * 3


def test_of_a_space_that_is_too_small_all_is_tried_once(config: Config, training: Training, work_dir: Path) -> None:
    space = [parse_dimension("model.width=8..10"), parse_dimension("model.blocks=1,2")]
    trials = search(config, space, Plan("random", trials=50, prune=False), work_dir, training, "ring")
    points = {tuple(trial.values.values()) for trial in trials}
    assert len(trials) == 6
    assert points == {(str(width), str(blocks)) for width in (8, 9, 10) for blocks in (1, 2)}
