"""One fit: epochs of compiled steps in a loop that callbacks steer."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.config.training import TrainingConfig
from recsys.core.errors import RecsysError
from recsys.models.keras import tf
from recsys.models.sasrec import SASRec
from recsys.training.ahead import ahead
from recsys.training.batches.batches import Batches
from recsys.training.listeners import Steps
from recsys.training.objective import Objective
from recsys.training.optimizer import build_optimizer
from recsys.training.workers import Workers

PREFETCH = 4  # batches made ahead
SEED_STRIDE = 104_729  # between two workers' seeds


@dataclass
class Progress:
    """How far a fit has come; kept in its checkpoint, but for what its end finds.

    Attributes:
        cold_scale: what the vectors of items without events are multiplied by, found at the end.
    """

    epoch: int = 0
    best_epoch: int = 0
    best: float = -math.inf
    memory_weight: float = 1.0
    cold_scale: float = 1.0

    def numbers(self) -> list[float]:
        return [self.epoch, self.best_epoch, self.best, self.memory_weight]

    def restore(self, epoch: float, best_epoch: float, best: float, memory_weight: float) -> None:
        """Take what ``numbers`` gave."""
        self.epoch, self.best_epoch = int(epoch), int(best_epoch)
        self.best, self.memory_weight = float(best), float(memory_weight)


class FitCallback:
    """Steers a fit's loop; does nothing by itself. Callbacks are asked in the order in which the fit was given them."""

    def on_begin(self, fit: "Fit") -> None:
        """The fit is made; what an earlier attempt left may be taken up here."""

    def should_stop(self, fit: "Fit") -> bool:
        """Whether no further epoch is wanted; asked before each."""
        return False

    def on_epoch(self, fit: "Fit", metrics: dict[str, float]) -> None:
        """An epoch has ended; ``metrics`` hold its ``loss``, and take what is found here."""

    def on_end(self, fit: "Fit") -> None:
        """No epoch follows."""


class Fit:
    """Trains ``model`` on ``batches``.

    Args:
        callbacks: steer the loop, in this order; a checkpoint among them brings an earlier attempt back at once.
        workers: those who train; ``model`` is made under their strategy.
    """

    def __init__(
        self,
        model: SASRec,
        batches: Batches,
        config: TrainingConfig,
        callbacks: Sequence[FitCallback],
        workers: Workers | None = None,
    ) -> None:
        self.model, self.batches, self.config, self.callbacks = model, batches, config, callbacks
        self.epochs = config.epochs_of(len(batches))
        self.workers = workers or Workers()
        self.seed = (config.seed + SEED_STRIDE * self.workers.index) % 2**31  # of dropout: each worker has its own rows
        self.progress = Progress()
        self.objective = Objective(model, config)
        with self.workers.strategy.scope():
            self.optimizer = build_optimizer(config, self.epochs * len(batches))
            self.optimizer.build(model.trainable_variables)
            self.objective.compile(self.optimizer)

        def step(batch: dict[str, tf.Tensor]) -> tf.Tensor:
            return self.workers.total(self.workers.strategy.run(self.objective.train_step, args=(batch,))["loss"])

        signature = {**batches.signature(), "seed": tf.TensorSpec([2], tf.int32)}
        self._step = tf.function(step, input_signature=[signature])
        for callback in callbacks:
            callback.on_begin(self)

    def run(self, phase: str = "fit", on_step: Steps | None = None) -> Progress:
        """Train until the epochs run out or a callback wants no more.

        Raises:
            RecsysError: a worker has not found the checkpoint that the chief goes on from.
        """
        self._check_alike()
        while self.progress.epoch < self.epochs and not any(one.should_stop(self) for one in self.callbacks):
            started = time.perf_counter()
            (loss,) = self.workers.agreed(self._epoch(phase, on_step))
            self.progress.epoch += 1
            metrics = {"epoch": self.progress.epoch, "seconds": time.perf_counter() - started, "loss": loss}
            for callback in self.callbacks:
                callback.on_epoch(self, metrics)
            if on_step is not None:  # the epoch's last step, now that it has been judged
                count = len(self.batches)
                on_step(phase, self.progress.epoch, self.epochs, count, count, self._note())
        for callback in self.callbacks:
            callback.on_end(self)
        return self.progress

    def steps(self, epoch: int) -> Iterator[tf.Tensor]:
        """Each step's loss in an epoch, a scalar that may not be computed yet; dropout's seed is the step's own."""
        for step, batch in enumerate(ahead(self.batches.epoch(epoch), PREFETCH), start=1):
            seed = np.array([self.seed, (epoch * 1_000_003 + step) % 2**31], np.int32)  # no end to the epochs
            yield self._step({**self.workers.share(batch), "seed": seed})

    def _epoch(self, phase: str, on_step: Steps | None) -> float:
        epoch, count, note = self.progress.epoch + 1, len(self.batches), self._note()
        losses = []
        for number, loss in enumerate(self.steps(epoch), start=1):
            losses.append(loss)
            if on_step is not None and number < count:
                on_step(phase, epoch, self.epochs, number, count, note)
        return float(np.mean(losses))

    def _note(self) -> str:
        best = self.progress.best
        return f"best validation {best:.4f}" if math.isfinite(best) else ""

    def _check_alike(self) -> None:
        chiefs = self.workers.agreed(*self.progress.numbers())
        other = float(chiefs != self.progress.numbers())
        if self.workers.count > 1 and self.workers.total(tf.constant(other)).numpy():
            raise RecsysError(
                f"training: a worker does not find the chief's checkpoint of epoch {chiefs[0]:.0f}; all must have "
                "the same --work-dir, on a disk that they share"
            )
