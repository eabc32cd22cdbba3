"""Several processes that train one model in step, each on its share of every batch, by ``tf.distribute``.

A process belongs to a crew where ``TF_CONFIG`` says so, as TensorFlow has it: every one is started with the same
command and the same work directory, on a disk that they share, and its own ``task.index``. All make the same batches.
What decides how long they train is the chief's to say, and the chief alone writes the run: two machines that judge
the same weights may round otherwise, and one that stopped alone would let the others wait for ever.
"""

import json
import os
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from recsys.core.errors import ConfigError
from recsys.models.keras import tf
from recsys.training.batches.batches import Batch

# What all workers need whole: the batch's negatives, its size, what its users have seen.
WHOLE = frozenset({"negatives", "log_expected", "count", "seen", "seen_by"})


@dataclass(frozen=True)
class Workers:
    """This process among those that train with it; by itself, the first of one."""

    strategy: tf.distribute.Strategy = field(default_factory=tf.distribute.get_strategy)
    index: int = 0
    count: int = 1

    @property
    def is_chief(self) -> bool:
        return self.index == 0

    def share(self, batch: Batch) -> Batch:
        """Every ``count``-th row of ``batch``, from ``index`` on; rows of padding where there are too few."""
        if self.count == 1:
            return batch
        missing = -len(batch["targets"]) % self.count
        shared = {**batch}
        for name in batch.keys() - WHOLE:
            rows = batch[name]
            padded = np.concatenate([rows, np.zeros((missing, *rows.shape[1:]), rows.dtype)])
            shared[name] = padded[self.index :: self.count]
        return shared

    def total(self, value: tf.Tensor) -> tf.Tensor:
        """The sum of every worker's ``value``."""
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)

    def agreed(self, *values: float) -> list[float]:
        """The chief's ``values``, on every worker; all call it at the same place."""
        if self.count == 1:
            return list(values)
        said = tf.constant(values if self.is_chief else [0.0] * len(values), tf.float64)
        return [float(value) for value in self.total(said).numpy()]

    def barrier(self) -> None:
        """Wait until every worker has come here."""
        if self.count > 1:
            self.total(tf.constant(1.0)).numpy()


@cache
def join() -> Workers:
    """The crew that ``TF_CONFIG`` names, joined once a process and before TensorFlow does any work.

    Raises:
        ConfigError: ``TF_CONFIG`` is not what TensorFlow takes, or names other tasks than workers.
    """
    text = os.environ.get("TF_CONFIG")
    if not text:
        return Workers()
    try:
        told = json.loads(text)
        cluster, kind, index = told["cluster"], told["task"]["type"], int(told["task"]["index"])
        count = len(cluster["worker"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f'TF_CONFIG: expected {{"cluster": {{"worker": ["HOST:PORT", …]}}, "task": {{"type": "worker", '
            f'"index": 0}}}}, found {text!r} ({error})'
        ) from None
    if set(cluster) != {"worker"} or kind != "worker" or not 0 <= index < count:
        raise ConfigError(f"TF_CONFIG: expected one of {count} tasks of type worker and no other, found {text!r}")
    if count == 1:
        return Workers()
    return Workers(tf.distribute.MultiWorkerMirroredStrategy(), index, count)
