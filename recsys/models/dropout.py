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


def chosen(ids: tf.Tensor, rate: float, seed: tf.Tensor) -> tf.Tensor:
    """Whether each of ``ids [n] int32`` is among the share ``rate`` that ``seed [2] int32`` draws: ``[n] bool``.

    An id is drawn by a hash of itself and the seed (MurmurHash3's finalizer): nothing is drawn for the others.
    """
    mixed = tf.cast(ids, tf.uint32)
    for part in tf.unstack(tf.cast(seed, tf.uint32)):
        mixed = tf.bitwise.bitwise_xor(mixed, part * tf.constant(0x9E3779B1, tf.uint32))
        for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
            shifted = tf.bitwise.right_shift(mixed, tf.constant(shift, tf.uint32))
            mixed = tf.bitwise.bitwise_xor(mixed, shifted) * tf.constant(factor, tf.uint32)
    return tf.cast(mixed, tf.float32) < rate * 2.0**32
