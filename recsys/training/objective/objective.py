"""The TFRS model that is fitted: a network and what it is to learn."""

from recsys.config.training import TrainingConfig
from recsys.core.history import History
from recsys.models.items import FeaturedItems
from recsys.models.keras import tf, tfrs
from recsys.models.sasrec import Packing, SASRec
from recsys.training.objective.choice import build_loss
from recsys.training.objective.targets import TargetScorer


class Objective(tfrs.models.Model):
    """``network`` with the loss that the config names; its ``train_step`` is TFRS' own."""

    def __init__(self, network: SASRec, config: TrainingConfig) -> None:
        super().__init__(name="objective")
        self.network, self.task = network, build_loss(config)

    def compute_loss(self, inputs: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """What ``train_step`` descends.

        Args:
            inputs: a ``recsys.training.batches.batches.Batch`` with ``seed [2] int32``, for dropout.
        """
        packing = Packing(inputs["segments"], inputs["positions"], inputs.get("requests", ()))
        seed = inputs["seed"] if training else None
        network = self.network if seed is None else self._dropping(seed)
        hidden = network.hidden(History.of(inputs), packing, seed)
        return self.task(TargetScorer(network, inputs, hidden.states, self.network.trained_items.trained_ids))

    def _dropping(self, seed: tf.Tensor) -> SASRec:
        """The network of one step: with features, it knows a share of the items by those alone, which may be none."""
        network, rate = self.network, self.network.config.id_dropout
        if not isinstance(network.items, FeaturedItems):
            return network
        return network.over(network.items.dropping(rate, seed))
