"""One fit: epochs of steps, a validation that chooses the best, a checkpoint that resumes to the same result."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys.config.training import TrainingConfig
from recsys.errors import DivergedError, RecsysError
from recsys.models.keras import tf
from recsys.models.losses import build_loss
from recsys.models.sasrec import SASRec
from recsys.models.weights import load_weights, save_weights
from recsys.training.batches import Batches
from recsys.training.calibration import Validation, trusted
from recsys.training.callbacks import Steps
from recsys.training.optimizer import build_optimizer
from recsys.training.stepper import Stepper
from recsys.training.workers import Workers

CHOSEN_BY = "ndcg@10"


@dataclass
class Progress:
    """How far a fit has come; kept in its checkpoint."""

    epoch: int = 0
    best_epoch: int = 0
    best: float = -math.inf
    trust: float = 1.0

    def waited(self, validate_every: int) -> int:
        """Validations since the best one."""
        return (self.epoch - self.best_epoch) // validate_every


class Fit:
    """Trains ``model`` on ``batches``.

    Args:
        directory: where checkpoints and the best epoch's weights lie; an earlier attempt there is gone on with.
        validate: judges the current weights, or None to train all epochs blindly.
        trust: what the memory's gain is multiplied by where nothing validates.
        workers: those who train; ``model`` is made under their strategy, and the leader alone writes.
    """

    def __init__(
        self,
        model: SASRec,
        batches: Batches,
        config: TrainingConfig,
        directory: Path,
        validate: Callable[[], Validation] | None,
        trust: float = 1.0,
        workers: Workers | None = None,
    ) -> None:
        self.model, self.batches, self.config = model, batches, config
        self.epochs = config.epochs_of(len(batches))
        self.workers = workers or Workers()
        directory.mkdir(exist_ok=True)
        self.best_weights, self.validate = directory / "best.npz", validate
        model.task = build_loss(config)
        with self.workers.strategy.scope():
            optimizer = build_optimizer(config, self.epochs * len(batches))
            optimizer.build(model.trainable_variables)
            model.compile(optimizer)
        self.progress = Progress(trust=trust)
        self._kept = tf.Variable(self._pack(), dtype=tf.float64, trainable=False)
        checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer, progress=self._kept)
        self._manager = tf.train.CheckpointManager(checkpoint, str(directory), max_to_keep=1)
        if self._manager.restore_or_initialize():
            epoch, best_epoch, best, kept_trust = self._kept.numpy()
            self.progress = Progress(int(epoch), int(best_epoch), float(best), float(kept_trust))
        self._stepper = Stepper(model, batches, config.seed, self.workers)

    def run(self, phase: str, on_step: Steps | None, on_epoch: Callable[[dict[str, float]], None]) -> Progress:
        """Train until the epochs or the patience run out, and leave the leader's model with the best epoch's weights.

        Raises:
            DivergedError: the loss is no longer finite; the last good checkpoint is kept.
            RecsysError: a worker has not found the checkpoint that the leader goes on from.
        """
        config, progress = self.config, self.progress
        self._start_alike()
        while progress.epoch < self.epochs and progress.waited(config.validate_every) < config.patience:
            started = time.perf_counter()
            metrics: dict[str, float] = {"loss": self._epoch(phase, progress.epoch + 1, on_step)}
            progress.epoch += 1
            metrics = {"epoch": progress.epoch, "seconds": time.perf_counter() - started, **metrics}
            last = progress.epoch == self.epochs
            if self.validate is not None and (progress.epoch % config.validate_every == 0 or last):
                found = self.validate()
                metrics.update({f"validation/{name}": value for name, value in found.metrics.items()})
                reached, trust = self.workers.agreed(found.metrics[CHOSEN_BY], found.trust)
                if reached > progress.best:
                    progress.best, progress.best_epoch, progress.trust = reached, progress.epoch, trust
                    self._save_best()
            elif self.validate is None:
                progress.best_epoch = progress.epoch
            if self.workers.leads:
                on_epoch(metrics)
                self._kept.assign(self._pack())
                self._manager.save()
        if self.workers.leads:
            if self.validate is None:
                self._save_best()
            load_weights(self.model, self.best_weights)
        return progress

    def _start_alike(self) -> None:
        leaders = self.workers.agreed(*self._pack())
        apart = float(leaders != self._pack())
        if self.workers.count > 1 and self.workers.total(tf.constant(apart)).numpy():
            raise RecsysError(
                f"training: a worker does not find the leader's checkpoint of epoch {leaders[0]:.0f}; all must have "
                "the same --work-dir, on a disk that they share"
            )

    def _pack(self) -> list[float]:
        progress = self.progress
        return [progress.epoch, progress.best_epoch, progress.best, progress.trust]

    def _save_best(self) -> None:
        if not self.workers.leads:
            return
        with trusted(self.model, self.progress.trust):
            save_weights(self.model, self.best_weights)

    def _epoch(self, phase: str, epoch: int, on_step: Steps | None) -> float:
        losses = []
        steps = len(self.batches)
        best = f"best {CHOSEN_BY} {self.progress.best:.4f}" if math.isfinite(self.progress.best) else ""
        for number, loss in enumerate(self._stepper.epoch(epoch), start=1):
            losses.append(loss)
            if on_step is not None:
                on_step(phase, epoch, self.epochs, number, steps, best)
        (mean,) = self.workers.agreed(float(np.mean(losses)))
        if not math.isfinite(mean):
            kept = f"epoch {epoch - 1}" if epoch > 1 else "none"
            raise DivergedError(
                f"training: the loss became {mean} in epoch {epoch}; the last good checkpoint ({kept}) is kept. "
                "Lower training.learning_rate or raise training.warmup_steps"
            )
        return mean
