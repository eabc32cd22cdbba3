"""Adam that touches only the rows a step has read, so that a step costs the same whatever the catalog."""

from recsys.config.training import TrainingConfig
from recsys.models.keras import keras, tf
from recsys.training.schedule import Schedule


class LazyAdam(keras.optimizers.Optimizer):
    """Adam (Kingma and Ba, 2015) with decoupled weight decay (Loshchilov and Hutter, 2019).

    A sparse gradient updates moments and weights of its own rows only; Keras' Adam decays every row at every step.
    Weight decay leaves vectors and scalars alone.
    """

    def __init__(self, rate: Schedule, beta_1: float, beta_2: float, decay: float, epsilon: float = 1e-8) -> None:
        # With its default of 0, Keras would subtract nothing from every row of every variable.
        super().__init__(name="lazy_adam", jit_compile=False, weight_decay=None)
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
    return LazyAdam(Schedule(config, total_steps), 0.9, config.beta_2, config.weight_decay)
