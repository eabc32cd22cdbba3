"""What steers the loop of a fit: validation, early stopping, divergence, checkpoints."""

from recsys.training.callbacks.checkpoint import Checkpoint
from recsys.training.callbacks.divergence import Divergence
from recsys.training.callbacks.early_stopping import EarlyStopping
from recsys.training.callbacks.validation import LastEpoch, Validation

__all__ = [
    "Checkpoint",
    "Divergence",
    "EarlyStopping",
    "LastEpoch",
    "Validation",
]
