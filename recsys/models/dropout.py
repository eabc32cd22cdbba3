"""Dropout as a pure function of a seed, so that a resumed training draws what the first one would have drawn."""

from recsys.models.keras import tf


def fold(seed: tf.Tensor | None, salt: int) -> tf.Tensor | None:
    """A seed of its own for one place in the model (``[2] int32``); None, which means inference, stays None."""
    return None if seed is None else tf.random.experimental.stateless_fold_in(seed, salt)


def dropout(x: tf.Tensor, rate: float, seed: tf.Tensor | None) -> tf.Tensor:
    """Zero a share ``rate`` of ``x`` and scale the rest up; without a seed, ``x`` itself."""
    if seed is None or rate == 0.0:
        return x
    return tf.nn.experimental.stateless_dropout(x, rate, seed, rng_alg="philox")
