"""Logits of a training batch: each target's own, and those of its negatives.

A batch is scored in one view or, with a memory, in several, which are all trained; what is ranked is the last, the sum
of attention and memory. The first is attention alone: meeting only what the memory leaves over, it would learn poorly.
With ``model.memory.trained: separate`` there is the memory alone, too: learning only from what attention leaves over on
events that attention has met, it would get too small a weight; and no gradient flows through its queries into
attention. ``joint`` leaves this view out and lets the gradient flow, which suits logs where attention knows more than
the memory.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.core.history import History
from recsys.models.items import embed
from recsys.models.keras import tf
from recsys.models.memory import CHUNK, CountedTransitions, frame
from recsys.models.sasrec import SASRec


class Supported(NamedTuple):
    """The items that the memory supports at every slot: ``m`` of them, some of which may be the same.

    Attributes:
        items: ``[slots, m] int32``; ``PAD_ID`` for none.
        shares: ``[slots, m]``, each one's part of the support.
    """

    items: tf.Tensor
    shares: tf.Tensor


class TargetScorer:
    """Scores for every slot of packed rows (``recsys.training.batches.batches.Batch``); ``slots = rows × length``.

    Args:
        stream: ``[rows, length, width]``, the model's hidden states for ``batch``.
        catalog: ``[n] int32``, what a target may be told apart from; by default the model's own.

    Attributes:
        hidden: ``[slots, width]``.
        weights: ``[slots]``, how much each target counts; 0 where there is none.
        shares: ``[rows, frames, CHUNK, keys]``, the memory's attention over what is left of each row's total when
            the user's own transitions are taken away; None without a memory.
        trusted: of the same shape, over the rows of relations, of which nothing is to be taken away: nobody's events
            made them; None without.
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
        real = tf.cast(tf.not_equal(self.targets, 0), tf.float32)
        self.weights = tf.reshape(batch["weights"], [-1]) if "weights" in batch else real
        self.shares = self.trusted = None
        self.joint = model.memory is not None and model.memory.attention.config.trained == "joint"
        if model.memory is not None:
            history = History.of(batch)
            asking, asked = self._into_memory(stream), self._into_memory(embed(model.items, history.items))
            band = model.memory.attention.band(asking, asked, history, batch["segments"], batch.get("requests", ()))
            divisors = frame(batch["divisors"], model.memory.attention.config.newest)
            self.shares = band.weights / tf.maximum(divisors, 0.01)[:, :, None, :]
            if model.relations is not None:
                self.trusted = band.weights * model.relations.trust
            self.framed_ids = band.ids

    def positives(self) -> list[tf.Tensor]:
        """Each target's logit, ``[slots]`` a view."""
        attention = tf.reduce_sum(self.hidden * self.model.items.lookup(self.targets), -1)
        memory = self.model.memory
        if memory is None:
            return [attention]
        counts = tf.reshape(self.batch["target_counts"], [-1, memory.attention.config.newest])
        support = tf.reduce_sum(self._by_slot(self.shares) * counts, -1, keepdims=True)
        if self.trusted is not None and self.model.relations is not None:
            related = self._rows(self.model.relations.related, self.trusted)
            hits = tf.cast(tf.equal(related.items, self.targets[:, None]), tf.float32)
            support += tf.reduce_sum(related.shares * hits, -1, keepdims=True)
        return self._views(attention, self.remembered(support)[:, 0])

    def against(self, columns: tf.Tensor) -> list[tf.Tensor]:
        """Logits of ``columns [n] int32`` at every slot, ``[slots, n]`` a view."""
        attention = tf.matmul(self.hidden, self.model.items.lookup(columns), transpose_b=True)
        if self.model.memory is None:
            return [attention]
        return self._views(attention, self.remembered(self._support(columns)))

    def supported(self) -> Supported:
        """The items that the memory supports; none without one."""
        if self.shares is None:
            return Supported(tf.zeros([tf.size(self.targets), 0], tf.int32), tf.zeros([tf.size(self.targets), 0]))
        parts = [self._rows(table, shares) for table, shares in self._sources()]
        return parts[0] if len(parts) == 1 else Supported(*(tf.concat(part, 1) for part in zip(*parts, strict=True)))

    def remembered(self, support: tf.Tensor) -> tf.Tensor:
        """The memory's logits of ``support [slots, n]``."""
        assert self.model.memory is not None, "without a memory nothing is supported"
        return self.model.memory.attention.logits(self._into_memory(self.hidden), support)

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

    def _sources(self) -> list[tuple[CountedTransitions, tf.Tensor]]:
        """The tables that the memory reads, and how much of each row at every position."""
        transitions, relations = self.model.transitions, self.model.relations
        assert transitions is not None, "a memory that trains has counts"
        return [(transitions, self.shares), *([] if relations is None else [(relations.related, self.trusted)])]

    def _rows(self, table: CountedTransitions, shares: tf.Tensor) -> Supported:
        """What the rows of one table support at every slot."""
        newest = self._newest()
        # Query a of a chunk sees keys a … a + newest - 1 of its frame, the newest last.
        back = np.arange(CHUNK)[:, None] + newest - 1 - np.arange(newest)
        ids = tf.reshape(tf.gather(self.framed_ids, back, axis=2), [-1, newest])
        items, counts = tf.gather(table.neighbours, ids), tf.gather(table.counts, ids)
        parts = counts * self._by_slot(shares)[:, :, None]
        flat = [tf.shape(ids)[0], newest * table.depth]
        return Supported(tf.reshape(items, flat), tf.reshape(parts, flat))

    def _newest(self) -> int:
        assert self.model.memory is not None, "without a memory there are no shares"
        return self.model.memory.attention.config.newest

    def _by_slot(self, shares: tf.Tensor) -> tf.Tensor:
        """The shares of the newest items of each slot, newest first: ``[slots, newest]``."""
        # Diagonal k of a frame holds the item newest - 1 - k events back; the uppermost comes first.
        shares = tf.linalg.diag_part(shares, k=(0, self._newest() - 1))
        return tf.reshape(tf.transpose(shares, [0, 1, 3, 2]), [-1, self._newest()])

    def _into_memory(self, x: tf.Tensor) -> tf.Tensor:
        """What the memory reads of attention's side, ``[…]``; no gradient comes back unless they train together."""
        return x if self.joint else tf.stop_gradient(x)

    def _views(self, attention: tf.Tensor, memory: tf.Tensor) -> list[tf.Tensor]:
        return [attention, attention + memory] if self.joint else [attention, memory, attention + memory]

    def _support(self, columns: tf.Tensor) -> tf.Tensor:
        """The memory's support of ``columns [n]`` at every slot, ``[slots, n]``."""
        distinct, place = tf.unique(tf.reshape(self.framed_ids, [-1]))
        place = tf.reshape(place, tf.shape(self.framed_ids))
        supports = [
            tf.matmul(shares, tf.gather(table.columns(distinct, columns), place))  # [rows, frames, CHUNK, n]
            for table, shares in self._sources()
        ]
        return tf.reshape(tf.add_n(supports), [-1, tf.shape(columns)[0]])
