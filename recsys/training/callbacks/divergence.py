"""A loss that is no number ends the training."""

import math

from recsys.core.errors import DivergedError
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
