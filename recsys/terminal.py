"""What a person sees while work is under way: messages and progress bars, always on standard error."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from recsys.core.mirror import shown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


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
            super().print(*(shown(one) if isinstance(one, str) else one for one in objects), **options)

    return _Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)


def say(message: str) -> None:
    """One line to the person at the terminal, printed as it is."""
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
                    os.write(2, f"{line}\n".encode())
