"""How the recommender learns."""

from pydantic import Field

from recsys.config.base import Section


class TrainingConfig(Section):
    """Optimiser, loss and stopping."""

    seed: int = 1
    epochs: int = Field(100, ge=1)
    batch_size: int = Field(128, ge=1)
