"""Cross-entropy over the full catalog, at about the cost of its matrix products.

The memory supports a few hundred items a slot and adds 0 to the logits of all others. So the catalog is exponentiated
once, for attention alone, and the sum is corrected for the items that the memory supports:
``Σ exp(a + m) = Σ exp(a) + Σ exp(a) (exp(m) - 1)``, the second sum over those items.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.config.training import TrainingConfig
from recsys.models.keras import tf
from recsys.training.objective.losses import EXCLUDED, NextItemTask
from recsys.training.objective.targets import Supported, TargetScorer

LARGEST = 16_384  # items of a stretch


class Part(NamedTuple):
    """What is summed over a stretch of the catalog, of what a slot does not exclude.

    Attributes:
        others: ``[slots]``, log of the summed exponentials of attention's logits.
        total: ``[slots]``, the sum of those logits.
        included: ``[slots]``, how many they are.
        attention: ``[slots, m]``, attention's logits of the items that the memory supports, 0 where they are excluded.
        support: ``[slots, m]``, the memory's whole support of the same item.
        share: ``[slots, m]``, 1 / how often the item is among the ``m``; 0 where it is excluded.
    """

    others: tf.Tensor
    total: tf.Tensor
    included: tf.Tensor
    attention: tf.Tensor
    support: tf.Tensor
    share: tf.Tensor


class Softmax(NextItemTask):
    """The target against every other item.

    Args:
        largest: items whose logits are in memory at once; those of a larger catalog are computed again for gradients.
    """

    def __init__(self, config: TrainingConfig, largest: int = LARGEST) -> None:
        super().__init__(config)
        self.largest = largest

    def losses(self, scorer: TargetScorer) -> list[tf.Tensor]:
        rows, supported = scorer.model.items.rows, scorer.supported()
        firsts = range(0, rows, self.largest)
        sizes = [min(self.largest, rows - first) for first in firsts]
        stretches = tf.split(scorer.model.items.table(scorer.targets[None]), sizes)
        parts = []
        for first, size, table in zip(firsts, sizes, stretches, strict=True):
            columns = np.arange(first, first + size, dtype=np.int32)

            def part(
                table: tf.Tensor, hidden: tf.Tensor, shares: tf.Tensor, columns: npt.NDArray[np.int32] = columns
            ) -> Part:
                return self._part(scorer, columns, table, hidden, supported._replace(shares=shares))

            once = part if len(sizes) == 1 else tf.recompute_grad(part)
            parts.append(Part(*once(table, scorer.hidden, supported.shares)))
        others = tf.reduce_logsumexp(tf.stack([part.others for part in parts]), 0)
        rest = [tf.add_n(list(values)) for values in list(zip(*parts, strict=True))[1:]]
        whole = Part(others, *rest)
        return [
            self.cross_entropy(self.tempered(positive), others, [total, whole.included] if self.smoothing else [])
            for positive, (others, total) in zip(scorer.positives(), self._views(scorer, whole), strict=True)
        ]

    def _part(
        self,
        scorer: TargetScorer,
        columns: npt.NDArray[np.int32],
        table: tf.Tensor,
        hidden: tf.Tensor,
        supported: Supported,
    ) -> Part:
        """The stretch of the catalog that is ``columns [n]``, whose rows are ``table [n, width]``."""
        excluded = self.excluded(scorer, tf.constant(columns)) | ~np.isin(columns, scorer.catalog)
        logits = tf.where(excluded, EXCLUDED, self.tempered(tf.matmul(hidden, table, transpose_b=True)))
        others = tf.reduce_logsumexp(logits, -1)
        included = tf.reduce_sum(tf.cast(~excluded, tf.float32), -1)
        total = tf.reduce_sum(tf.where(excluded, 0.0, logits), -1) if self.smoothing else tf.zeros_like(included)
        slots, size = tf.shape(hidden)[0], len(columns)
        column = supported.items - columns[0]
        inside = (column >= 0) & (column < size)
        cell = tf.where(inside, tf.range(slots)[:, None] * size + column, -1)  # negative segments are dropped
        flat, place = tf.reshape(cell, [-1]), tf.maximum(cell, 0)
        summed, repeated = (
            tf.gather(tf.math.unsorted_segment_sum(tf.reshape(values, [-1]), flat, slots * size), place)
            for values in (supported.shares, tf.ones_like(supported.shares))
        )
        attention = tf.gather(tf.reshape(logits, [-1]), place)
        counts = inside & (attention > EXCLUDED / 2)
        zero = tf.zeros_like(attention)
        return Part(
            others,
            total,
            included,
            tf.where(counts, attention, zero),
            tf.where(counts, summed, zero),
            tf.where(counts, 1.0 / tf.maximum(repeated, 1.0), zero),
        )

    def _views(self, scorer: TargetScorer, part: Part) -> list[tuple[tf.Tensor, tf.Tensor]]:
        """Of each view, log of the summed exponentials of the other items' logits and the sum of these logits."""
        attention = part.others, part.total
        if scorer.model.memory is None:
            return [attention]
        memory = self.tempered(scorer.remembered(part.support))  # [slots, m]
        added = tf.reduce_sum(part.share * memory, -1)
        both = _corrected(part.others, part.attention, memory, part.share), part.total + added
        if scorer.joint:
            return [attention, both]
        included = tf.math.log(tf.maximum(part.included, 1.0))  # the memory alone: every logit begins at 0
        alone = _corrected(included, tf.zeros_like(part.attention), memory, part.share), added
        return [attention, alone, both]


def _corrected(others: tf.Tensor, attention: tf.Tensor, memory: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """``log(exp(others) + Σ share · exp(attention) · (exp(memory) - 1))``, ``[slots]``."""
    highest = tf.stop_gradient(tf.maximum(tf.reduce_max(memory, -1), 0.0))
    risen = tf.exp(memory - highest[:, None]) - tf.exp(-highest)[:, None]
    # No logit is above the sum that it is part of; where a user has seen everything, there is no sum.
    probability = tf.exp(tf.minimum(attention - others[:, None], 0.0))
    corrected = tf.exp(-highest) + tf.reduce_sum(share * probability * risen, -1)
    return others + highest + tf.math.log(tf.maximum(corrected, 1e-30))
