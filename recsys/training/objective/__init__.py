"""What training descends: the logits of targets and negatives, the losses over them, and the TFRS model of both."""

from recsys.training.objective.choice import build_loss
from recsys.training.objective.objective import Objective
from recsys.training.objective.targets import TargetScorer

__all__ = ["Objective", "TargetScorer", "build_loss"]
