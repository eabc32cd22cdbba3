"""Learning rates over steps."""

import math

from recsys.config.training import TrainingConfig
from recsys.models.keras import keras, tf


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, then constant or a cosine to a hundredth at the last step, once or in several cycles.

    The cycles are warm restarts of one length (Loshchilov and Hutter, 2017).
    """

    def __init__(self, config: TrainingConfig, total_steps: int) -> None:
        self.peak, self.warmup, self.kind = config.learning_rate, config.warmup_steps, config.schedule
        self.cycles = config.cycles
        self.total = max(total_steps, self.warmup + 1)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        step = tf.cast(step, tf.float32)
        warm = tf.minimum(1.0, (step + 1.0) / max(self.warmup, 1))
        if self.kind == "constant":
            return self.peak * warm
        done = tf.clip_by_value((step - self.warmup) / (self.total - self.warmup), 0.0, 1.0) * self.cycles
        done -= tf.maximum(tf.math.ceil(done) - 1.0, 0.0)  # a cycle's last step is its lowest, not the next one's first
        return self.peak * warm * (0.01 + 0.99 * 0.5 * (1.0 + tf.cos(math.pi * done)))

    def get_config(self) -> dict[str, object]:
        return {"peak": self.peak, "warmup": self.warmup, "kind": self.kind, "cycles": self.cycles, "total": self.total}
