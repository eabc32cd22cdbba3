"""What steers the loop of a fit beside validation: divergence, early stopping, the log of epochs, checkpoints."""

import math
from collections.abc import Callable
from pathlib import Path

from recsys.core.errors import DivergedError
from recsys.models.keras import tf
from recsys.terminal import say
from recsys.training.fit import Fit, FitCallback


class Divergence(FitCallback):
    """Raises DivergedError when an epoch's loss is not finite; the last good checkpoint is kept."""

    def on_epoch(self, fit: Fit, metrics: dict[str, float]) -> None:
        loss, epoch = metrics["loss"], fit.progress.epoch
        if not math.isfinite(loss):
            kept = f"epoch {epoch - 1}" if epoch > 1 else "none"
            raise DivergedError(
                f"training: the loss became {loss} in epoch {epoch}; the last good checkpoint ({kept}) is kept. "
                "Lower training.learning_rate or raise training.warmup_steps"
            )


class EarlyStopping(FitCallback):
    """Ends the loop after ``training.patience`` validations without a better one."""

    def should_stop(self, fit: Fit) -> bool:
        waited = (fit.progress.epoch - fit.progress.best_epoch) // fit.config.validate_every
        return waited >= fit.config.patience


class EpochLog(FitCallback):
    """Hands each epoch's metrics on, on the chief."""

    def __init__(self, log: Callable[[dict[str, float]], None]) -> None:
        self.log = log

    def on_epoch(self, fit: Fit, metrics: dict[str, float]) -> None:
        if fit.workers.is_chief:
            self.log(metrics)


class Checkpoint(FitCallback):
    """Keeps model, optimizer and progress after every epoch; the chief alone writes. The last of a fit's callbacks.

    Args:
        directory: where an earlier attempt, if there is one, is gone on with.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def on_begin(self, fit: Fit) -> None:
        self._progress = tf.Variable(fit.progress.numbers(), dtype=tf.float64, trainable=False)
        kept = tf.train.Checkpoint(model=fit.model, optimizer=fit.optimizer, progress=self._progress)
        self._manager = tf.train.CheckpointManager(kept, str(self.directory), max_to_keep=1)
        if self._manager.restore_or_initialize():
            fit.progress.restore(*self._progress.numpy())
            if fit.workers.is_chief:
                say(f"train: {self.directory.name} goes on after epoch {fit.progress.epoch}, where it was interrupted")

    def on_epoch(self, fit: Fit, metrics: dict[str, float]) -> None:
        if fit.workers.is_chief:
            self._progress.assign(fit.progress.numbers())
            self._manager.save()
