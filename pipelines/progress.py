"""Progress of a pipeline, read from what its steps set down: it shows on any runner."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from recsys.artifacts.dataset import SEQUENCES_DIR
from recsys.core.errors import RecsysError
from recsys.log.blocks import LogBlock
from recsys.preparation.exchange.spill import ITEM_PARTITIONS
from recsys.preparation.job import Job
from recsys.storage import transfer
from recsys.terminal import ProgressLines

INTERVAL = 0.25
REMOTE_INTERVAL = 10.0  # a listing of a store costs money


def watch(job: Job, blocks: list[LogBlock], by_engine: bool, is_remote: bool = False) -> AbstractContextManager[None]:
    """Show each step of a preparation and its rows a second while the block runs.

    Args:
        by_engine: what steps make passes through the engine, and only their results can be seen.
        is_remote: they are seen in the store.
    """
    totals = {"read": len(blocks), "merge": ITEM_PARTITIONS, "clean": job.buckets, "write": job.buckets}
    made = {"read": "blocks", "merge": "catalog", "clean": "buckets"}
    folders = {step: job.spill / folder for step, folder in made.items()} | {"write": job.target / SEQUENCES_DIR}
    if by_engine:
        folders = {step: job.result_dir(step) for step in totals}
    steps = {step: (folders[step], total) for step, total in totals.items()}
    rows = sum(block.rows for block in blocks)
    if is_remote:
        return watch_folders("prepare", steps, rows, "rows", _count_stored, REMOTE_INTERVAL)
    return watch_folders("prepare", steps, rows, "rows")


def _count(folder: Path) -> int:
    return sum(not entry.name.startswith(".") for entry in folder.glob("*"))


def _count_stored(folder: Path) -> int:
    try:
        return len(transfer.listing(folder))
    except RecsysError:  # the steps tell what is wrong with a store
        return 0


@contextmanager
def watch_folders(
    stage: str,
    steps: dict[str, tuple[Path, int]],
    rows: int,
    unit: str,
    count: Callable[[Path], int] = _count,
    interval: float = INTERVAL,
) -> Iterator[None]:
    """Show how many files the folder of each step has, of how many, and the speed, while the block runs.

    Args:
        rows: what each step goes through in all, counted in ``unit``.
        count: how many files a folder has.
        interval: seconds between two looks.
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
                finished = count(directory)
                if finished and not task.started:
                    progress.start_task(task.id)
                if finished:
                    lines(step, finished, total, **{unit: rows * finished // total})
                if finished != task.completed:
                    speed = rows * finished / total / max(task.elapsed or 0, interval)
                    progress.update(task.id, completed=finished, speed=f"{speed:,.0f} {unit}/s")

        def keep_looking() -> None:
            while not done.wait(interval):
                look()

        thread = threading.Thread(target=keep_looking, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            look()
