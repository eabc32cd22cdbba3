"""Logits of a training batch: each target's own, and those of its negatives.

A batch is scored in one view or, with a memory, in several, which are all trained; what is ranked is the last, the sum
of attention and memory. The first is attention alone: meeting only what the memory leaves over, it would learn poorly.
With ``model.memory.trained: separate`` there is the memory alone, too: learning only from what attention leaves over on
events that attention has met, it would get too small a weight; and no gradient flows through its queries into
attention. ``joint`` leaves this view out and lets the gradient flow, which suits logs where attention knows more than
the memory.
"""

import numpy as np
import numpy.typing as npt

from recsys.core.history import History
from recsys.models.items import embed
from recsys.models.keras import tf
from recsys.models.memory import CHUNK, TransitionMemory, frame
from recsys.models.sasrec import SASRec


class TargetScorer:
    """Scores for every slot of packed rows (``recsys.training.batches.batches.Batch``); ``slots = rows × length``.

    Args:
        stream: ``[rows, length, width]``, the model's hidden states for ``batch``.
        catalog: ``[n] int32``, what a target may be told apart from; by default the model's own.

    Attributes:
        hidden: ``[slots, width]``.
        shares: ``[rows, frames, CHUNK, keys]``, the memory's attention over what is left of each row's total when
            the user's own transitions are taken away; None without a memory.
    """

    def __init__(
        self,
        model: SASRec,
        batch: dict[str, tf.Tensor],
        stream: tf.Tensor,
        catalog: npt.NDArray[np.int32] | None = None,
    ) -> None:
        self.model, self.batch = model, batch
        self.catalog = model.trained_items.trained_ids if catalog is None else catalog
        self.hidden = tf.reshape(stream, [-1, model.config.width])
        self.targets = tf.reshape(batch["targets"], [-1])
        self.weights = tf.cast(tf.not_equal(self.targets, 0), tf.float32)
        self.shares = None
        self.joint = model.memory is not None and model.memory.attention.config.trained == "joint"
        if model.memory is not None:
            history = History.of(batch)
            asking, asked = self._into_memory(stream), self._into_memory(embed(model.items, history.items))
            band = model.memory.attention.band(asking, asked, history, batch["segments"], batch.get("requests", ()))
            totals = frame(batch["totals"], model.memory.attention.config.newest)
            self.shares = band.weights / tf.maximum(totals, 0.01)[:, :, None, :]
            self.framed_ids = band.ids

    def positives(self) -> list[tf.Tensor]:
        """Each target's logit, ``[slots]`` a view."""
        attention = tf.reduce_sum(self.hidden * self.model.items.lookup(self.targets), -1)
        memory = self.model.memory
        if memory is None:
            return [attention]
        newest = memory.attention.config.newest
        # Diagonal k of a frame holds the item newest - 1 - k events back; the uppermost comes first.
        shares = tf.transpose(tf.linalg.diag_part(self.shares, k=(0, newest - 1)), [0, 1, 3, 2])
        shape = tf.shape(shares)
        shares = tf.reshape(shares, [shape[0], shape[1] * CHUNK, newest])
        support = tf.reshape(tf.reduce_sum(shares * self.batch["target_counts"], -1), [-1, 1])
        return self._views(attention, memory.attention.logits(self._into_memory(self.hidden), support)[:, 0])

    def against(self, columns: tf.Tensor) -> list[tf.Tensor]:
        """Logits of ``columns [n] int32`` at every slot, ``[slots, n]`` a view."""
        return self.read(columns, self.hidden, self.shares)

    def read(self, columns: tf.Tensor, hidden: tf.Tensor, shares: tf.Tensor | None = None) -> list[tf.Tensor]:
        """``against`` as a function of all that a gradient flows to."""
        attention = tf.matmul(hidden, self.model.items.lookup(columns), transpose_b=True)
        if self.model.memory is None:
            return [attention]
        remembered = self._remembered(self.model.memory, columns, self._into_memory(hidden), shares)
        return self._views(attention, remembered)

    def seen(self, columns: tf.Tensor) -> tf.Tensor:
        """Which ``columns [n]`` are in the training events of each slot's user: ``[slots, n] bool``."""
        distinct, place = tf.unique(columns)
        size, users = tf.shape(distinct)[0], tf.reduce_max(self.batch["seen_by"]) + 1
        column_of = tf.tensor_scatter_nd_update(tf.fill([self.model.items.rows], -1), distinct[:, None], tf.range(size))
        hit = tf.gather(column_of, self.batch["seen"])
        flat = tf.where(hit >= 0, self.batch["seen_by"] * size + hit, -1)  # negative segments are dropped
        table = tf.math.unsorted_segment_max(tf.ones_like(flat), flat, users * size) > 0
        segments = tf.reshape(self.batch["segments"], [-1])
        return tf.gather(tf.gather(tf.reshape(table, [users, size]), place, axis=1), segments)

    def _into_memory(self, x: tf.Tensor) -> tf.Tensor:
        """What the memory reads of attention's side, ``[…]``; no gradient comes back unless they train together."""
        return x if self.joint else tf.stop_gradient(x)

    def _views(self, attention: tf.Tensor, memory: tf.Tensor) -> list[tf.Tensor]:
        return [attention, attention + memory] if self.joint else [attention, memory, attention + memory]

    def _remembered(
        self, memory: TransitionMemory, columns: tf.Tensor, hidden: tf.Tensor, shares: tf.Tensor
    ) -> tf.Tensor:
        transitions = self.model.transitions
        assert transitions is not None, "a memory that trains has counts"
        distinct, place = tf.unique(tf.reshape(self.framed_ids, [-1]))
        counts = tf.gather(transitions.columns(distinct, columns), tf.reshape(place, tf.shape(self.framed_ids)))
        support = tf.matmul(shares, counts)  # [rows, frames, CHUNK, n]
        return memory.attention.logits(hidden, tf.reshape(support, [-1, tf.shape(columns)[0]]))
