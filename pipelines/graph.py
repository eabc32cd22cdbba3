"""The preparation on Beam: which exchange, and what its steps returned."""

from functools import partial
from typing import Any

from pipelines import engine_exchange, file_exchange
from pipelines.progress import watch
from pipelines.runners import Runner, run
from recsys.log.blocks import LogBlock
from recsys.preparation.job import STEPS, Job
from recsys.terminal import say

Result = dict[str, Any]


def run_steps(job: Job, blocks: list[LogBlock], runner: Runner) -> dict[str, list[Result]]:
    """Run every step; returns their results by name.

    When too many rows are refused, nothing comes after ``read`` (and ``merge``).

    Raises:
        RecsysError: a step failed.
    """
    rows = sum(block.rows for block in blocks)
    by_engine = runner.exchange_taken == "engine"
    with watch(job, blocks, by_engine):
        if by_engine:
            _run_by_engine(job, blocks, runner, rows)
        else:
            run(partial(file_exchange.build, job, blocks), runner, rows)
    return {step: job.results(step) for step in STEPS}


def _run_by_engine(job: Job, blocks: list[LogBlock], runner: Runner, rows: int) -> None:
    """Beam has no loop: where the rounds that a pipeline holds are too few, another holds twice as many."""
    rounds = engine_exchange.rounds_of(job.config)
    while True:
        run(partial(engine_exchange.build, job, blocks, rounds), runner, rows)
        if all(fit.get("is_whole", True) for fit in job.results("fit")):
            return
        rounds *= 2
        say(f"prepare: the core was not found in {rounds // 2} rounds; it begins again, with {rounds}")
