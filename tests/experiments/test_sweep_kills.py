"""Sweeps that are killed again and again: no trial is lost, none counts twice, random points are distinct."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optuna.storages.journal import BaseJournalBackend, JournalFileBackend

from recsys.artifacts.run import Run
from recsys.config import Config, parse_config
from recsys.experiments.space import grid, parse_dimension
from recsys.experiments.study import Backend, journal_file
from recsys.experiments.sweep import Plan, sweep
from recsys.experiments.trial import Trial
from tests.experiments.runs import Unwatched, seal_run

ROOT = Path(__file__).parents[2]
TRIALS, KILLS = 20, 10
CONFIG = parse_config({"data": {"path": "log.csv"}, "tracking": {"enabled": False}})
SPACES = {
    "grid": ["model.width=8,16,32,64,128", "model.blocks=1,2,3,4"],
    "random": ["training.batch_size=1..5000", "model.dropout=0.0..0.5", "model.blocks=1,2,3"],
    "tpe": ["training.batch_size=1..5000", "model.dropout=0.0..0.5", "model.blocks=1,2,3"],
}


class Killed(BaseException):
    """As if the process had been killed: nothing may catch it."""


class DyingJournal(JournalFileBackend):
    """A journal whose process dies at one write: before it, in the middle of it, or right after it."""

    def __init__(self, path: Path, die_at: int, how: str) -> None:
        super().__init__(str(path))
        self._path, self._left, self._how = path, die_at, how

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        self._left -= 1
        if self._left:
            return super().append_logs(logs)
        if self._how == "after":
            super().append_logs(logs)
        elif self._how == "within":
            with self._path.open("a") as file:
                file.write(json.dumps(logs[0])[:25])
        raise Killed


def dying(die_at: int, how: str) -> Backend:
    def opened(path: Path) -> BaseJournalBackend:
        journal_file(path)  # mends what the last kill left
        return DyingJournal(path, die_at, how)

    return opened


@pytest.fixture
def trained(tmp_path: Path) -> Counter[str]:
    return Counter()


@pytest.fixture
def make_run(tmp_path: Path, trained: Counter[str]) -> Callable[[Config, str, Sequence[Any]], Run]:
    """Trains at once, unless the run is there."""

    def make(config: Config, name: str, callbacks: Sequence[Any]) -> Run:
        run = seal_run(tmp_path, config, seed=1, validation=config.training.batch_size / 1000, ranks=[1.0])
        trained[run.digest] += 1
        return run

    return make


@pytest.mark.parametrize("how", ["before", "within", "after"])
@pytest.mark.parametrize("method", ["grid", "random", "tpe"])
def test_ten_kills_lose_nothing(method: str, how: str, tmp_path: Path, make_run: Any, trained: Counter[str]) -> None:
    space = [parse_dimension(text) for text in SPACES[method]]
    plan = Plan(method, trials=TRIALS, prune=False)
    rng = np.random.default_rng([len(method), len(how)])

    def search(backend: Backend) -> list[Trial]:
        return sweep(CONFIG, space, plan, tmp_path, make_run, "subject", Unwatched, backend)

    for _ in range(KILLS):
        with pytest.raises(Killed):
            search(dying(int(rng.integers(1, 12)), how))
    trials = search(journal_file)
    assert [trial.state for trial in trials] == ["complete"] * TRIALS
    assert len({trial.number for trial in trials}) == TRIALS
    points = [tuple(trial.values.values()) for trial in trials]
    assert len(set(points)) == TRIALS, "none twice"
    if method == "grid":
        assert set(points) == {tuple(point.values()) for point in grid(space)}, "none lost"
    assert {digest for trial in trials for digest in trial.runs} <= set(trained)
    trained.clear()
    assert search(journal_file) == trials
    assert not trained, "done, it does nothing"


@pytest.mark.parametrize("how", ["before", "within", "after"])
@pytest.mark.parametrize("die_at", range(1, 14))
def test_a_kill_at_any_write_of_two_trials_loses_neither(die_at: int, how: str, tmp_path: Path, make_run: Any) -> None:
    """One that completes, one that fails: all that is written of them, write by write."""
    space = [parse_dimension("model.width=8,9"), parse_dimension("model.heads=2")]
    plan = Plan("grid", prune=False)
    for backend in (dying(die_at, how), dying(die_at, how), journal_file):
        try:
            trials = sweep(CONFIG, space, plan, tmp_path, make_run, "subject", Unwatched, backend)
        except Killed:
            continue
    assert [(trial.state, trial.values["model.width"]) for trial in trials] == [("complete", "8"), ("fail", "9")]


def test_a_killed_random_sweep_draws_what_an_unharmed_one_draws(tmp_path: Path, make_run: Any) -> None:
    space, plan = [parse_dimension(text) for text in SPACES["random"]], Plan("random", trials=8, prune=False)
    found = []
    for work_dir, backends in (
        (tmp_path / "whole", []),
        (tmp_path / "killed", [dying(9, "after"), dying(20, "before")]),
    ):
        for backend in backends:
            with pytest.raises(Killed):
                sweep(CONFIG, space, plan, work_dir, make_run, "subject", Unwatched, backend)
        found.append(sweep(CONFIG, space, plan, work_dir, make_run, "subject", Unwatched))
    whole, killed = ([trial.values for trial in trials] for trials in found)
    assert whole == killed


PROGRAM = """
import sys, time
from pathlib import Path
from recsys.experiments.space import parse_dimension
from recsys.experiments.sweep import Plan, sweep
from tests.experiments.runs import Unwatched, seal_run
from tests.experiments.test_sweep_kills import CONFIG, SPACES, TRIALS

def make_run(config, name, callbacks):
    time.sleep(0.05)
    return seal_run(Path(sys.argv[2]), config, seed=1, validation=config.training.batch_size / 1000, ranks=[1.0])

space = [parse_dimension(text) for text in SPACES[sys.argv[1]]]
print("ready", flush=True)
trials = sweep(CONFIG, space, Plan(sys.argv[1], trials=TRIALS, prune=False), Path(sys.argv[2]), make_run, "", Unwatched)
print(len(trials), len({tuple(trial.values.values()) for trial in trials}), {trial.state for trial in trials})
"""


@pytest.mark.slow
@pytest.mark.parametrize("method", ["grid", "random", "tpe"])
def test_processes_killed_for_good_lose_nothing(method: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, method, str(tmp_path)]
    rng = np.random.default_rng(len(method))
    for _ in range(KILLS):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.01, 0.3))
        process.kill()
        process.communicate()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"{TRIALS} {TRIALS} {{'complete'}}"
