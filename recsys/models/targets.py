"""Logits of a training batch: each target's own, and those of the items it is told apart from."""

from typing import NamedTuple

from recsys.models.keras import tf
from recsys.models.memory import CHUNK, TransitionMemory, frame
from recsys.models.sasrec import SASRec


class View(NamedTuple):
    """One way to score a batch: targets ``[slots]`` and columns ``[slots, n]``."""

    positive: tf.Tensor
    negative: tf.Tensor


class TargetScorer:
    """Scores for every slot of packed rows (``recsys.training.batches.Batch``); ``slots = rows × length``.

    Args:
        stream: ``[rows, length, width]``, the model's hidden states for ``batch``.
    """

    def __init__(self, model: SASRec, batch: dict[str, tf.Tensor], stream: tf.Tensor) -> None:
        self.model, self.batch, self.stream = model, batch, stream
        self.hidden = tf.reshape(stream, [-1, model.config.width])
        self.targets = tf.reshape(batch["targets"], [-1])
        self.weights = tf.cast(tf.not_equal(self.targets, 0), tf.float32)

    def views(self, columns: tf.Tensor) -> list[View]:
        """Attention's logits and, with a memory, the sum of both.

        Both are trained: attention that only ever sees what the memory leaves over learns a poor representation.

        Args:
            columns: ``[n] int32``, what the targets are told apart from.
        """
        positive = tf.reduce_sum(self.hidden * self.model.lookup(self.targets), -1)
        negative = tf.matmul(self.hidden, self.model.lookup(columns), transpose_b=True)
        views = [View(positive, negative)]
        if self.model.memory is not None:
            added = self._remembered(self.model.memory, columns)
            views.append(View(positive + added.positive, negative + added.negative))
        return views

    def seen(self, columns: tf.Tensor) -> tf.Tensor:
        """Which ``columns [n]`` are in the history or the targets of each slot's user: ``[slots, n] bool``."""
        distinct, place = tf.unique(columns)
        size, users = tf.shape(distinct)[0], tf.reduce_max(self.batch["segments"]) + 1
        column_of = tf.tensor_scatter_nd_update(tf.fill([self.model.table_size], -1), distinct[:, None], tf.range(size))
        segments = tf.reshape(self.batch["segments"], [-1])
        hit = tf.gather(column_of, tf.concat([tf.reshape(self.batch["ids"], [-1]), self.targets], 0))
        flat = tf.where(hit >= 0, tf.tile(segments, [2]) * size + hit, -1)  # negative segments are dropped
        table = tf.math.unsorted_segment_max(tf.ones_like(flat), flat, users * size) > 0
        return tf.gather(tf.gather(tf.reshape(table, [users, size]), place, axis=1), segments)

    def _remembered(self, memory: TransitionMemory, columns: tf.Tensor) -> View:
        """What the memory adds, the user's own transitions left out."""
        batch, newest = self.batch, memory.config.newest
        band = memory.band(self.stream, self.model.embed(batch["ids"]), batch["ids"], batch["segments"])
        shares = band.weights / tf.maximum(frame(batch["totals"], newest), 0.01)[:, :, None, :]
        # Diagonal k of a frame holds the item newest - 1 - k events back; the uppermost comes first.
        own = tf.transpose(tf.linalg.diag_part(shares, k=(0, newest - 1)), [0, 1, 3, 2])
        shape = tf.shape(own)
        own = tf.reshape(own, [shape[0], shape[1] * CHUNK, newest])
        support = tf.reshape(tf.reduce_sum(own * batch["target_counts"], -1), [-1, 1])
        positive = memory.logits(self.hidden, support)[:, 0]
        distinct, place = tf.unique(tf.reshape(band.ids, [-1]))
        counts = tf.gather(memory.columns(distinct, columns), tf.reshape(place, tf.shape(band.ids)))
        support = tf.matmul(shares, counts)  # [rows, frames, CHUNK, n]
        negative = memory.logits(self.hidden, tf.reshape(support, [-1, tf.shape(columns)[0]]))
        return View(positive, negative)
