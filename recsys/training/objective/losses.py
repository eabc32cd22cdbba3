"""Training losses, as TFRS tasks over a ``TargetScorer``: per target, summed over its views, mean over real targets.

TFRS' own ``Retrieval`` task scores one row of candidates a query, by a dot product. Here thousands of positions share
their negatives and a logit has a second part, so the tasks are written on its base class.
"""

from recsys.config.training import TrainingConfig
from recsys.models.keras import tf, tfrs
from recsys.training.objective.targets import TargetScorer

EXCLUDED = -1e9  # the logit of what a target must not be told apart from


class NextItemTask(tfrs.tasks.Task):
    """What every loss does with what it finds for one view."""

    def __init__(self, config: TrainingConfig) -> None:
        self.exclude_seen = config.negatives.exclude_seen
        self.temperature, self.smoothing = config.temperature, config.label_smoothing

    def __call__(self, scorer: TargetScorer) -> tf.Tensor:
        losses = tf.add_n(self.losses(scorer))  # [slots]
        return tf.reduce_sum(losses * scorer.weights) / scorer.batch["count"]

    def losses(self, scorer: TargetScorer) -> list[tf.Tensor]:
        """``[slots]`` a view."""
        raise NotImplementedError

    def excluded(self, scorer: TargetScorer, columns: tf.Tensor) -> tf.Tensor:
        """Columns that a slot is not told apart from, its own target above all: ``[slots, n] bool``."""
        return scorer.seen(columns) if self.exclude_seen else tf.equal(columns, scorer.targets[:, None])

    def shared(self, scorer: TargetScorer) -> list[tuple[tf.Tensor, tf.Tensor]]:
        """Each view's targets ``[slots]`` and the batch's negatives ``[slots, n]``."""
        negatives = scorer.batch["negatives"]
        excluded = self.excluded(scorer, negatives)
        masked = [tf.where(excluded, EXCLUDED, self.tempered(logits)) for logits in scorer.against(negatives)]
        return list(zip(map(self.tempered, scorer.positives()), masked, strict=True))

    def tempered(self, logits: tf.Tensor) -> tf.Tensor:
        return logits if self.temperature == 1.0 else logits / self.temperature

    def spread(self, logits: tf.Tensor) -> list[tf.Tensor]:
        """What label smoothing needs of ``logits [slots, n]``: sum and number, ``[slots]``, of those not excluded."""
        if not self.smoothing:
            return []
        included = tf.greater(logits, EXCLUDED / 2)
        return [tf.reduce_sum(tf.where(included, logits, 0.0), -1), tf.reduce_sum(tf.cast(included, tf.float32), -1)]

    def cross_entropy(self, positive: tf.Tensor, others: tf.Tensor, spread: list[tf.Tensor]) -> tf.Tensor:
        """Minus the target's log probability, a share of which is ``spread`` over the others; all ``[slots]``."""
        loss = tf.nn.softplus(others - positive)
        if not spread:
            return loss
        total, count = spread
        # Who has seen all that was drawn leaves nothing to spread over: the target alone would be pushed down for ever.
        smoothed = self.smoothing * (positive - total / tf.maximum(count, 1.0))
        return loss + tf.where(count > 0.0, smoothed, 0.0)


class SampledSoftmax(NextItemTask):
    """Cross-entropy against sampled negatives with the log-Q correction (Bengio and Senécal, 2008)."""

    def losses(self, scorer: TargetScorer) -> list[tf.Tensor]:
        expected = scorer.batch["log_expected"]
        return [
            self.cross_entropy(positive, tf.reduce_logsumexp(negative - expected, -1), self.spread(negative))
            for positive, negative in self.shared(scorer)
        ]


class BinaryCrossEntropy(NextItemTask):
    """The target against the mean over its negatives: SASRec's one negative, in expectation."""

    def losses(self, scorer: TargetScorer) -> list[tf.Tensor]:
        losses = []
        for positive, negative in self.shared(scorer):
            included = tf.reduce_sum(tf.cast(tf.greater(negative, EXCLUDED / 2), tf.float32), -1)
            others = tf.reduce_sum(tf.nn.softplus(negative), -1) / tf.maximum(included, 1.0)
            losses.append(tf.nn.softplus(-positive) + others)
        return losses


class GeneralisedBinaryCrossEntropy(NextItemTask):
    """gBCE (Petrov and Macdonald, 2023): the positive's probability to a power that undoes negative sampling."""

    def __init__(self, config: TrainingConfig) -> None:
        super().__init__(config)
        self.calibration = config.gbce_calibration

    def losses(self, scorer: TargetScorer) -> list[tf.Tensor]:
        negatives = scorer.batch["negatives"]
        share = tf.minimum(tf.cast(tf.size(negatives), tf.float32) / (len(scorer.catalog) - 1), 1.0)
        power = share * (self.calibration * (1.0 - 1.0 / share) + 1.0 / share)
        return [
            power * tf.nn.softplus(-positive) + tf.reduce_sum(tf.nn.softplus(negative), -1)
            for positive, negative in self.shared(scorer)
        ]
