"""Who is told of a training's course from outside. Light to import."""

from typing import Protocol

from recsys.artifacts.run import Run
from recsys.config import Config


class RunCallback(Protocol):
    """Watches a run from outside, as MLflow's uploader does. An exception raised here ends the training."""

    def on_start(self, run: Run, config: Config) -> None:
        """The run directory is there; a resumed run already has a history."""

    def on_epoch(self, run: Run, metrics: dict[str, float]) -> None:
        """An epoch is on disk in the run's history."""

    def on_end(self, run: Run) -> None:
        """The run is finished and sealed."""


class Steps(Protocol):
    """Is told of every step; the progress bar is one."""

    def __call__(self, phase: str, epoch: int, epochs: int, step: int, steps: int, note: str) -> None:
        """``step`` of ``steps`` is done in ``epoch`` of at most ``epochs``; ``note`` is the best metric so far."""
