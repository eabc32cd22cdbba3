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
from recsys.preparation.exchange.remote import clear, fetch_outputs, plan_inputs
from recsys.preparation.job import STEPS, Job
from recsys.storage import transfer
from recsys.terminal import say

Result = dict[str, Any]


def run_steps(job: Job, blocks: list[LogBlock], runner: Runner) -> dict[str, list[Result]]:
    """Run every step; returns their results by name.

    When too many rows are refused, nothing comes after ``read`` (and ``merge``).

    Raises:
        ConfigError: workers that may be on other machines pass files, and the work directory is in a store; or the
            pipeline holds what they could not have.
        RecsysError: a step failed.
    """
    if not runner.is_here:
        check_steps(job, blocks, runner)
    rows = sum(block.rows for block in blocks)
    if _shares_a_store(job, runner):
        _run_remote(job, blocks, runner, rows)
    else:
        by_engine = runner.exchange_taken == "engine"
        with watch(job, blocks, by_engine):
            if by_engine:
                _run_by_engine(job, job, blocks, runner, rows, lambda: None)
            else:
                run(partial(file_exchange.build, job, blocks), runner, rows)
    return {step: job.results(step) for step in STEPS}


def check_steps(job: Job, blocks: list[LogBlock], runner: Runner) -> int:
    """Build the pipeline that ``run_steps`` runs, and hold it to what workers on other machines can have.

    Nothing is sent or run. Returns how many functions and values the pipeline holds.

    Raises:
        ConfigError: as ``run_steps``.
    """
    from pipelines.remote.check import check_pipeline

    there, blocks_there = job, blocks
    if _shares_a_store(job, runner):
        there, blocks_there, _ = plan_inputs(job, blocks)
    if runner.exchange_taken == "engine":
        build = partial(engine_exchange.build, there, blocks_there, engine_exchange.rounds_of(job.config))
    else:
        build = partial(file_exchange.build, there, blocks_there)
    return check_pipeline(build, runner, there, blocks_there)


def _shares_a_store(job: Job, runner: Runner) -> bool:
    """Whether workers share a store with this machine, and nothing else."""
    is_remote = url_of(job.target) is not None and not runner.is_here
    if is_remote and runner.exchange_taken == "files":
        raise ConfigError(
            f"--exchange files with --runner {runner.name}: files need a disk that all workers share, and the work "
            "directory is in a store; leave --exchange out"
        )
    return is_remote


def _run_remote(job: Job, blocks: list[LogBlock], runner: Runner, rows: int) -> None:
    """Where workers share no disk; the store is left as it was."""
    try:
        there, blocks, copies = plan_inputs(job, blocks)
        transfer.put_at(copies)
        with watch(job, blocks, by_engine=True, is_remote=True):
            _run_by_engine(job, there, blocks, runner, rows, lambda: fetch_outputs(job))
    finally:
        clear(job)


def _run_by_engine(
    job: Job, there: Job, blocks: list[LogBlock], runner: Runner, rows: int, fetch: Callable[[], None]
) -> None:
    """Beam has no loop: where the rounds that a pipeline holds are too few, another holds twice as many.

    Args:
        there: the job as workers know it.
        fetch: brings their results to where ``job`` looks for them.
    """
    rounds = engine_exchange.rounds_of(job.config)
    while True:
        run(partial(engine_exchange.build, there, blocks, rounds), runner, rows)
        fetch()
        if all(fit.get("is_whole", True) for fit in job.results("fit")):
            return
        rounds *= 2
        say(f"prepare: the core was not found in {rounds // 2} rounds; it begins again, with {rounds}")
