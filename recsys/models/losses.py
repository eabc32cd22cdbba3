"""Training losses, as TFRS tasks over a ``TargetScorer``; each divides by the number of real targets."""

from recsys.config.training import TrainingConfig
from recsys.models.keras import tf, tfrs
from recsys.models.targets import TargetScorer

EXCLUDED = -1e9


class SharedNegativesTask(tfrs.tasks.Task):
    """A loss over negatives that all targets of a batch share, summed over the scorer's views."""

    def __init__(self, config: TrainingConfig) -> None:
        self.exclude_seen = config.negatives.exclude_seen

    def __call__(self, scorer: TargetScorer) -> tf.Tensor:
        negatives = scorer.batch["negatives"]
        # The accidental hit, a negative that is the target, is among the seen.
        hidden = scorer.seen(negatives) if self.exclude_seen else tf.equal(negatives, scorer.targets[:, None])
        losses = [
            self.per_target(view.positive, tf.where(hidden, EXCLUDED, view.negative), scorer.batch["log_expected"])
            for view in scorer.views(negatives)
        ]
        return tf.reduce_sum(tf.add_n(losses) * scorer.weights) / tf.maximum(tf.reduce_sum(scorer.weights), 1.0)

    def per_target(self, positive: tf.Tensor, negative: tf.Tensor, log_expected: tf.Tensor) -> tf.Tensor:
        """``positive [slots]`` against ``negative [slots, n]``: ``[slots]``."""
        raise NotImplementedError


class SampledSoftmax(SharedNegativesTask):
    """Cross-entropy against sampled negatives with the log-Q correction (Bengio and Senécal, 2008)."""

    def per_target(self, positive: tf.Tensor, negative: tf.Tensor, log_expected: tf.Tensor) -> tf.Tensor:
        return tf.nn.softplus(tf.reduce_logsumexp(negative - log_expected, -1) - positive)


class BinaryCrossEntropy(SharedNegativesTask):
    """The target against the mean over negatives, as SASRec's one negative is in expectation."""

    def per_target(self, positive: tf.Tensor, negative: tf.Tensor, log_expected: tf.Tensor) -> tf.Tensor:
        return tf.nn.softplus(-positive) + tf.reduce_mean(tf.nn.softplus(negative), -1)


def build_loss(config: TrainingConfig) -> tfrs.tasks.Task:
    return {"sampled_softmax": SampledSoftmax, "bce": BinaryCrossEntropy}[config.loss](config)
