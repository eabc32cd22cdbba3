"""Progress of a pipeline, read from what its steps set down: it shows on any runner."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from recsys.artifacts.dataset import SEQUENCES_DIR
from recsys.log.blocks import LogBlock
from recsys.preparation.exchange.spill import ITEM_PARTITIONS
from recsys.preparation.job import Job
from recsys.terminal import ProgressLines

INTERVAL = 0.25


def watch(job: Job, blocks: list[LogBlock], by_engine: bool) -> AbstractContextManager[None]:
    """Show each step of a preparation and its rows a second while the block runs.

    Args:
        by_engine: what steps make passes through the engine, and only their results can be seen.
    """
    totals = {"read": len(blocks), "merge": ITEM_PARTITIONS, "clean": job.buckets, "write": job.buckets}
    made = {"read": "blocks", "merge": "catalog", "clean": "buckets"}
    folders = {step: job.spill / folder for step, folder in made.items()} | {"write": job.target / SEQUENCES_DIR}
    if by_engine:
        folders = {step: job.result_dir(step) for step in totals}
    steps = {step: (folders[step], total) for step, total in totals.items()}
    return watch_folders("prepare", steps, sum(block.rows for block in blocks), "rows")


@contextmanager
def watch_folders(stage: str, steps: dict[str, tuple[Path, int]], rows: int, unit: str) -> Iterator[None]:
    """Show how many files the folder of each step has, of how many, and the speed, while the block runs.

    Args:
        rows: what each step goes through in all, counted in ``unit``.
    """
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from recsys.terminal import console, for_programs

    lines = ProgressLines(stage)
    texts = (TextColumn(f"{stage}: {{task.description}}"), BarColumn(), TaskProgressColumn())
    columns = (*texts, TextColumn("{task.fields[speed]}"), TimeElapsedColumn())
    done = threading.Event()
    with Progress(*columns, console=console(), transient=True, disable=for_programs()) as progress:
        for step, (_, total) in steps.items():
            progress.add_task(step, total=total, start=False, speed="")

        def look() -> None:
            for task, (step, (directory, total)) in zip(progress.tasks, steps.items(), strict=True):
                finished = sum(not entry.name.startswith(".") for entry in directory.glob("*"))
                if finished and not task.started:
                    progress.start_task(task.id)
                if finished:
                    lines(step, finished, total, **{unit: rows * finished // total})
                if finished != task.completed:
                    speed = rows * finished / total / max(task.elapsed or 0, INTERVAL)
                    progress.update(task.id, completed=finished, speed=f"{speed:,.0f} {unit}/s")

        def keep_looking() -> None:
            while not done.wait(INTERVAL):
                look()

        thread = threading.Thread(target=keep_looking, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            look()
