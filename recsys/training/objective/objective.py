"""The TFRS model that is fitted: a network and what it is to learn."""

from recsys.config.training import TrainingConfig
from recsys.core.history import History
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
        hidden = self.network.hidden(History.of(inputs), packing, inputs["seed"] if training else None)
        return self.task(TargetScorer(self.network, inputs, hidden.states))
