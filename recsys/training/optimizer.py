"""Learning rates over steps, and Adam that touches only the rows a step has read, whatever the catalog's size."""

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


class LazyAdam(keras.optimizers.Optimizer):
    """Adam (Kingma and Ba, 2015) with decoupled weight decay (Loshchilov and Hutter, 2019).

    A sparse gradient updates moments and weights of its own rows only; Keras' Adam decays every row at every step.
    Weight decay leaves vectors and scalars alone.
    """

    def __init__(
        self,
        rate: Schedule,
        beta_1: float,
        beta_2: float,
        decay: float,
        ema_momentum: float = 0.0,
        epsilon: float = 1e-8,
    ) -> None:
        # With its default weight decay of 0, Keras would subtract nothing from every row of every variable.
        super().__init__(
            name="lazy_adam",
            jit_compile=False,
            weight_decay=None,
            use_ema=ema_momentum > 0,
            ema_momentum=ema_momentum,
        )
        self._learning_rate = self._build_learning_rate(rate)
        self.beta_1, self.beta_2, self.decay, self.epsilon = beta_1, beta_2, decay, epsilon

    def build(self, variables: list[tf.Variable]) -> None:
        super().build(variables)
        if getattr(self, "_built", False):
            return
        self._built = True
        self.first = [self.add_variable_from_reference(v, "first") for v in variables]
        self.second = [self.add_variable_from_reference(v, "second") for v in variables]

    def update_step(self, gradient: tf.Tensor | tf.IndexedSlices, variable: tf.Variable) -> None:
        place = self._index_dict[self._var_key(variable)]
        first, second = self.first[place], self.second[place]
        step = tf.cast(self.iterations + 1, tf.float32)
        rate = tf.cast(self.learning_rate, tf.float32)
        if isinstance(gradient, tf.IndexedSlices):
            rows, values = gradient.indices, gradient.values
            m = self.beta_1 * tf.gather(first, rows) + (1.0 - self.beta_1) * values
            v = self.beta_2 * tf.gather(second, rows) + (1.0 - self.beta_2) * tf.square(values)
            scaled = rate * tf.sqrt(1.0 - self.beta_2**step) / (1.0 - self.beta_1**step)
            change = scaled * m / (tf.sqrt(v) + self.epsilon)
            if self.decay:
                change += rate * self.decay * tf.gather(variable, rows)
            first.scatter_update(tf.IndexedSlices(m, rows))
            second.scatter_update(tf.IndexedSlices(v, rows))
            variable.scatter_sub(tf.IndexedSlices(change, rows))
            return
        if self.decay and len(variable.shape) > 1:
            variable.assign_sub(rate * self.decay * variable)
        tf.raw_ops.ResourceApplyAdam(  # one kernel, where the formula spelled out costs a dozen
            var=variable.handle,
            m=first.handle,
            v=second.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "decay": self.decay}


def build_optimizer(config: TrainingConfig, total_steps: int) -> LazyAdam:
    return LazyAdam(Schedule(config, total_steps), 0.9, config.beta_2, config.weight_decay, config.ema_momentum)
