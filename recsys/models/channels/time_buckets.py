"""How long ago an event was, in buckets that grow with it: seconds apart for what is recent, months for what is old."""

import math

from recsys.models.keras import tf

GROWTH = 0.301  # in natural logarithm: each bucket ends 1.35 times as late as the one before
LONGEST = 10 * 365 * 24 * 3600  # seconds; what is older shares the last bucket

# Where each bucket but the first begins, whole seconds.
EDGES = sorted({math.ceil(math.exp(GROWTH * k)) for k in range(1, int(math.log(LONGEST) / GROWTH) + 1)})
BUCKETS = len(EDGES) + 1


def bucket(seconds: tf.Tensor) -> tf.Tensor:
    """``[…] int32`` seconds, none below 0, to ``[…] int32`` below ``BUCKETS``.

    Compared as float32 in every runtime, so that none decides otherwise at an edge.
    """
    return tf.raw_ops.Bucketize(input=tf.cast(seconds, tf.float32), boundaries=[float(edge) for edge in EDGES])
