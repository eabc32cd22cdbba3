"""Progress of a preparation, read from what its steps set down: it shows on any runner."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recsys.artifacts.dataset import SEQUENCES_DIR
from recsys.log.blocks import LogBlock
from recsys.preparation.exchange.spill import ITEM_PARTITIONS
from recsys.preparation.job import Job

INTERVAL = 0.25


@contextmanager
def watch(job: Job, blocks: list[LogBlock]) -> Iterator[None]:
    """Show each step's progress and its rows a second while the block runs."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from recsys.terminal import console

    rows = sum(block.rows for block in blocks)
    totals = {
        "read": (job.spill / "blocks", len(blocks)),
        "merge": (job.spill / "catalog", ITEM_PARTITIONS),
        "clean": (job.spill / "buckets", job.buckets),
        "write": (job.target / SEQUENCES_DIR, job.buckets),
    }
    columns = (
        TextColumn("prepare: {task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
    )
    done = threading.Event()
    with Progress(*columns, console=console(), transient=True) as progress:
        tasks = {
            step: progress.add_task(step, total=total, start=False, speed="") for step, (_, total) in totals.items()
        }

        def look() -> None:
            for step, (directory, total) in totals.items():
                finished = _count(directory)
                task = progress.tasks[tasks[step]]
                if finished and not task.started:
                    progress.start_task(tasks[step])
                if finished != task.completed:
                    speed = rows * finished / total / max(task.elapsed or 0, INTERVAL)
                    progress.update(tasks[step], completed=finished, speed=f"{speed:,.0f} rows/s")

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


def _count(directory: Path) -> int:
    return sum(not entry.name.startswith(".") for entry in directory.iterdir()) if directory.is_dir() else 0
