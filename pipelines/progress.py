"""Progress of a preparation, read from what its steps set down: it shows on any runner."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

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
    steps = {
        "read": (job.spill / "blocks", len(blocks)),
        "merge": (job.spill / "catalog", ITEM_PARTITIONS),
        "clean": (job.spill / "buckets", job.buckets),
        "write": (job.target / SEQUENCES_DIR, job.buckets),
    }
    texts = (TextColumn("prepare: {task.description}"), BarColumn(), TaskProgressColumn())
    columns = (*texts, TextColumn("{task.fields[speed]}"), TimeElapsedColumn())
    done = threading.Event()
    with Progress(*columns, console=console(), transient=True) as progress:
        for step, (_, total) in steps.items():
            progress.add_task(step, total=total, start=False, speed="")

        def look() -> None:
            for task, (directory, total) in zip(progress.tasks, steps.values(), strict=True):
                finished = sum(not entry.name.startswith(".") for entry in directory.glob("*"))
                if finished and not task.started:
                    progress.start_task(task.id)
                if finished != task.completed:
                    speed = rows * finished / total / max(task.elapsed or 0, INTERVAL)
                    progress.update(task.id, completed=finished, speed=f"{speed:,.0f} rows/s")

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
