"""What a killed fit goes on from."""

from pathlib import Path

from recsys.models.keras import tf
from recsys.training.fit import Fit, FitCallback


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

    def on_epoch(self, fit: Fit, metrics: dict[str, float]) -> None:
        if fit.workers.is_chief:
            self._progress.assign(fit.progress.numbers())
            self._manager.save()
