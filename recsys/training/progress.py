"""The training as a person sees it: one bar, with the epoch and the best validation so far."""

from types import TracebackType

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from recsys.terminal import ProgressLines, console, for_programs, say

EVERY = 10  # epochs between two lines where there is no terminal


class TrainingBar:
    """A progress bar over the steps of an epoch, as ``recsys.training.listeners.Steps``; a context manager."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} steps"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console(),
            transient=True,
            disable=for_programs(),
        )
        self._lines = ProgressLines("train")
        self._task = self._bar.add_task(title, total=None, note="")

    def __enter__(self) -> "TrainingBar":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, phase: str, epoch: int, epochs: int, step: int, steps: int, note: str) -> None:
        title = f"{self.title}, {phase}, epoch {epoch} of at most {epochs}"
        self._lines(f"{phase}, epoch {epoch}", step, steps, run=self.title, epoch=epoch, epochs=epochs, note=note)
        has_log = not (console().is_terminal or for_programs())  # it shows no bar
        if has_log and step == steps and (epoch % EVERY == 0 or epoch in (1, epochs)):
            say(f"{title}{f', {note}' if note else ''}")
        self._bar.update(self._task, description=title, completed=step, total=steps, note=note)
