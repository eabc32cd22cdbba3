"""Why an item is ranked where it is: what each event of the history adds to its score."""

import numpy as np

from recsys.core.history import History
from recsys.core.schema import PAD_ID
from recsys.models.keras import tf
from recsys.models.sasrec import SASRec

EXPLAINED = 50  # newest events that are weighed


def explain(model: SASRec, history: History, candidates: tf.Tensor) -> tf.Tensor:
    """How much each of the newest events adds to each candidate's score.

    The attribution of an event is what the score loses when the event had not happened: the history without
    it is scored, so nothing is approximated.

    Args:
        history: one, of ``length`` events; candidates: ``[1, n] int32``.

    Returns:
        ``[n, min(length, EXPLAINED)] float32``, oldest first; 0 for padding.
    """
    length = int(history.items.shape[1])
    count = min(length, EXPLAINED)
    removed = np.arange(length - count, length)[:, None]  # [count, 1]
    columns = np.arange(length)[None, :]
    # Event r gone, what was before it moves up: column c holds c where c > r, else c - 1 (-1 is padding).
    source = (np.where(columns > removed, columns, columns - 1) + 1).astype(np.int32)  # after one more pad

    def without(channel: tf.Tensor) -> tf.Tensor:
        padded = tf.pad(channel[0], [[1, 0]], constant_values=PAD_ID)
        return tf.concat([channel, tf.gather(padded, source)], 0)  # [1 + count, length]

    histories = history.map(without)
    scores = model.score(histories, tf.tile(candidates, [count + 1, 1]))  # [1 + count, n]
    real = tf.cast(tf.not_equal(history.items[0, length - count :], PAD_ID), tf.float32)
    return tf.transpose((scores[:1] - scores[1:]) * real[:, None])
