"""What is seen while work is under way, always on standard error: messages and progress, for people or programs.

People have bars on a terminal, and a line a minute in a log. Programs have JSON lines, where ``tell_programs`` is on.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from recsys.core.mirror import with_urls

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


FOR_PEOPLE, FOR_PROGRAMS = 60.0, 1.0  # seconds between two lines of a step's progress
_programs = [False]


def tell_programs(on: bool) -> None:
    """Whether standard error is for programs from here on: a JSON object a line, and no bars."""
    _programs[0] = on


def for_programs() -> bool:
    """Whether standard error is for programs."""
    return _programs[0]


def json_line(**told: Any) -> None:
    """One JSON object on standard error, in one write, so that lines of several threads stay whole."""
    sys.stderr.write(with_urls(json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)) + "\n")
    sys.stderr.flush()


class ProgressLines:
    """The progress of a stage as lines: of JSON for programs, one a minute where there is no terminal.

    ``{"stage": "prepare", "step": "clean", "done": 3, "total": 8, "seconds": 4.2}``, with what else is known. Programs
    have the first line of a step and its last one, and between them at most one a second.
    """

    def __init__(self, stage: str) -> None:
        self.stage, self._started = stage, time.monotonic()
        self._said = self._started
        self._told: dict[str, tuple[float, int]] = {}

    def __call__(self, step: str, done: int, total: int, **more: Any) -> None:
        """``done`` of the ``total`` parts of ``step`` are done."""
        now = time.monotonic()
        if for_programs():
            last, before = self._told.get(step, (-FOR_PROGRAMS, -1))
            if done != before and (before < 0 or done == total or now - last >= FOR_PROGRAMS):
                self._told[step] = now, done
                seconds = round(now - self._started, 1)
                json_line(stage=self.stage, step=step, done=done, total=total, seconds=seconds, **more)
        elif not console().is_terminal and now - self._said >= FOR_PEOPLE:
            self._said = now
            say(f"{self.stage}: {step}, {done:,} of {total:,}")

    def counts(self, **counts: Any) -> None:
        """What came of the stage, for programs; people have it in the command's results."""
        if for_programs():
            json_line(stage=self.stage, counts=counts)


@cache
def console() -> "Console":
    """The console on standard error; standard output is for results."""
    return _console(stderr=True)


def results(*, stderr: bool = False, width: int | None = None) -> "Console":
    """A console for results, on standard output unless ``stderr``; strings are printed as they are."""
    return _console(stderr=stderr, width=width)


def _console(*, stderr: bool, width: int | None = None) -> "Console":
    from rich.console import Console

    class _Console(Console):
        def on_broken_pipe(self) -> None:
            raise

        def print(self, *objects: Any, **options: Any) -> None:
            super().print(*(with_urls(one) if isinstance(one, str) else one for one in objects), **options)

    return _Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)


def say(message: str) -> None:
    """One line to the person at the terminal, printed as it is; to programs as ``{"message": …}``."""
    if for_programs():
        json_line(message=message)
        return
    console().print(message, soft_wrap=True)


def byte_progress() -> "Progress":
    """A progress bar that counts bytes; it leaves no line behind."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console(),
        transient=True,
        disable=for_programs(),
    )


@contextmanager
def hushed(*noise: str) -> Iterator[None]:
    """Keep lines that hold one of ``noise`` off standard error, C++'s own included; all others come afterwards."""
    with tempfile.TemporaryFile() as aside:
        sys.stderr.flush()
        terminal = os.dup(2)
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            aside.seek(0)
            for line in aside.read().decode(errors="replace").splitlines():
                if not any(words in line for words in noise):
                    told = json.dumps({"message": line}, ensure_ascii=False) if for_programs() else line
                    os.write(2, f"{told}\n".encode())
