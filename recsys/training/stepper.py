"""Training steps: batches made ahead, each descended by one compiled call."""

from collections.abc import Iterator

import numpy as np

from recsys.models.keras import tf
from recsys.training.ahead import ahead
from recsys.training.batches import Batches
from recsys.training.objective import Objective
from recsys.training.workers import Workers

PREFETCH = 4  # batches made ahead
APART = 104_729  # between two workers' seeds


class Stepper:
    """Steps ``objective``, which has its optimizer, through the epochs of ``batches``."""

    def __init__(self, objective: Objective, batches: Batches, seed: int, workers: Workers | None = None) -> None:
        self.batches, self.workers = batches, workers or Workers()
        self.seed = (seed + APART * self.workers.index) % 2**31  # of dropout: each worker has rows of its own

        def step(batch: dict[str, tf.Tensor]) -> tf.Tensor:
            return self.workers.total(self.workers.strategy.run(objective.train_step, args=(batch,))["loss"])

        signature = {**batches.signature(), "seed": tf.TensorSpec([2], tf.int32)}
        self._step = tf.function(step, input_signature=[signature])

    def epoch(self, number: int) -> Iterator[tf.Tensor]:
        """Each step's loss, a scalar that may not be computed yet; dropout's seed is the step's own."""
        for step, batch in enumerate(ahead(self.batches.epoch(number), PREFETCH), start=1):
            seed = np.array([self.seed, (number * 1_000_003 + step) % 2**31], np.int32)  # no end to the epochs
            yield self._step({**self.workers.share(batch), "seed": seed})
