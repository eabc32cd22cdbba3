"""The preparation on Beam: which exchange, and what its steps returned."""

from collections.abc import Callable
from functools import partial
from typing import Any

from pipelines import engine_exchange, file_exchange
from pipelines.progress import watch
from pipelines.runners import Runner, run
from recsys.core.errors import ConfigError
from recsys.core.mirror import url_of
from recsys.log.blocks import LogBlock
from recsys.preparation.exchange.remote import clear, fetch_outputs, send_inputs
from recsys.preparation.job import STEPS, Job
from recsys.terminal import say

Result = dict[str, Any]


def run_steps(job: Job, blocks: list[LogBlock], runner: Runner) -> dict[str, list[Result]]:
    """Run every step; returns their results by name.

    When too many rows are refused, nothing comes after ``read`` (and ``merge``).

    Raises:
        ConfigError: workers that may be on other machines pass files, and the work directory is in a store.
        RecsysError: a step failed.
    """
    rows = sum(block.rows for block in blocks)
    by_engine = runner.exchange_taken == "engine"
    is_remote = url_of(job.target) is not None and not runner.is_here
    if is_remote and not by_engine:
        raise ConfigError(
            f"--exchange files with --runner {runner.name}: files need a disk that all workers share, and the work "
            "directory is in a store; leave --exchange out"
        )
    if is_remote:
        _run_remote(job, blocks, runner, rows)
    else:
        with watch(job, blocks, by_engine):
            if by_engine:
                _run_by_engine(job, blocks, runner, rows, lambda: None)
            else:
                run(partial(file_exchange.build, job, blocks), runner, rows)
    return {step: job.results(step) for step in STEPS}


def _run_remote(job: Job, blocks: list[LogBlock], runner: Runner, rows: int) -> None:
    """Where workers share no disk; the store is left as it was."""
    try:
        there, blocks = send_inputs(job, blocks)
        with watch(job, blocks, by_engine=True, is_remote=True):
            _run_by_engine(there, blocks, runner, rows, lambda: fetch_outputs(job))
    finally:
        clear(job)


def _run_by_engine(job: Job, blocks: list[LogBlock], runner: Runner, rows: int, fetch: Callable[[], None]) -> None:
    """Beam has no loop: where the rounds that a pipeline holds are too few, another holds twice as many."""
    rounds = engine_exchange.rounds_of(job.config)
    while True:
        run(partial(engine_exchange.build, job, blocks, rounds), runner, rows)
        fetch()
        if all(fit.get("is_whole", True) for fit in job.results("fit")):
            return
        rounds *= 2
        say(f"prepare: the core was not found in {rounds // 2} rounds; it begins again, with {rounds}")
