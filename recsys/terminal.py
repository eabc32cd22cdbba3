"""What a person sees while work is under way: messages and progress bars, always on standard error."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


@cache
def console() -> "Console":
    """The console on standard error; standard output is for results."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def say(message: str) -> None:
    """One line to the person at the terminal, printed as it is."""
    console().print(message, markup=False, soft_wrap=True)


def byte_progress() -> "Progress":
    """A progress bar that counts bytes; it leaves no line behind."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console(),
        transient=True,
    )
