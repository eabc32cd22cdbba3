"""The shape of the recommender."""

from typing import Literal

from pydantic import Field, model_validator

from recsys.config.base import Section


class ModelConfig(Section):
    """A stack of attention blocks over the newest ``max_length`` events."""

    max_length: int = Field(50, ge=1)
    width: int = Field(64, ge=1)
    blocks: int = Field(2, ge=1)
    heads: int = Field(1, ge=1)
    dropout: float = Field(0.2, ge=0, lt=1)
    positions: Literal["newest"] = "newest"

    @model_validator(mode="after")
    def _heads_divide(self) -> "ModelConfig":
        if self.width % self.heads:
            raise ValueError(f"model.width {self.width} must be a multiple of model.heads {self.heads}")
        return self
