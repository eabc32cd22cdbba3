"""The loss of each name that a config may give."""

from recsys.config.training import TrainingConfig
from recsys.training.objective.full_softmax import Softmax
from recsys.training.objective.losses import (
    BinaryCrossEntropy,
    GeneralisedBinaryCrossEntropy,
    NextItemTask,
    SampledSoftmax,
)

LOSSES = {
    "softmax": Softmax,
    "sampled_softmax": SampledSoftmax,
    "bce": BinaryCrossEntropy,
    "gbce": GeneralisedBinaryCrossEntropy,
}


def build_loss(config: TrainingConfig) -> NextItemTask:
    return LOSSES[config.loss](config)
