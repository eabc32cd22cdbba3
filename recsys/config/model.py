"""The shape of the recommender."""

from typing import Literal

from pydantic import Field, model_validator

from recsys.config.base import Section


class MemoryConfig(Section):
    """Transition memory: what people went on to after the newest items of a history."""

    window: int = Field(3, ge=1, description="steps ahead that count as a transition")
    window_decay: float = Field(1.0, ge=0, description="a transition k steps ahead counts k ** -window_decay")
    normalization: float = Field(
        1.0, ge=0, le=1, description="counts are divided by their item's total ** this; 1 makes them probabilities"
    )
    neighbours: int = Field(64, ge=1, description="transitions kept per item, heaviest first")
    average: int | None = Field(None, ge=1, description="transitions kept per item on average; null is all neighbours")
    newest: int = Field(10, ge=1, description="items of a history, newest first, whose rows are read")
    trained: Literal["separate", "joint"] = Field(
        "separate", description="the memory learns by itself, too, and what it asks does not change attention; or not"
    )

    @model_validator(mode="after")
    def _average_counts(self) -> "MemoryConfig":
        if self.average is not None and self.average > self.neighbours:
            raise ValueError(
                f"model.memory.average {self.average} is more than the {self.neighbours} neighbours of any item"
            )
        return self


class ModelConfig(Section):
    """A stack of attention blocks over the newest ``max_length`` events."""

    max_length: int = Field(200, ge=1, description="newest events of a history that are read")
    width: int = Field(64, ge=1, description="size of an item's embedding and of the hidden state")
    blocks: int = Field(4, ge=1, description="attention blocks, one upon another")
    heads: int = Field(1, ge=1, description="attention heads of a block; they divide the width")
    feed_forward: int = Field(4, ge=1, description="hidden units of the feed-forward, in multiples of the width")
    join: Literal["residual", "ligr"] = Field("ligr", description="pre-norm residuals, or LiGR's gated ones")
    positions: Literal["newest", "oldest", "rotary", "none"] = Field(
        "rotary", description="learned, from the newest or the oldest event; rotary turns queries and keys"
    )
    dropout: float = Field(
        0.2, ge=0, lt=1, description="share zeroed in training, of the input and of what each half of a block adds"
    )
    id_dropout: float = Field(
        0.2,
        ge=0,
        lt=1,
        description="with data.items.features, share of items that a training step reads without their own vectors",
    )
    request_time: bool = Field(
        False, description="read how long before the request each event happened; whoever ranks tells when it is"
    )
    event_types: bool = Field(False, description="read of which type each event was, of those in data.event_types")
    event_values: bool = Field(
        False, description="read each event's value, the number in data.columns.value, in buckets fitted to the data"
    )
    memory: MemoryConfig | None = MemoryConfig()

    @model_validator(mode="after")
    def _fits(self) -> "ModelConfig":
        if self.width % self.heads:
            raise ValueError(f"model.width {self.width} must be a multiple of model.heads {self.heads}")
        if self.positions == "rotary" and self.width // self.heads % 2:
            raise ValueError(f"rotary positions turn pairs: width / heads = {self.width // self.heads} must be even")
        if self.memory is not None and self.memory.newest > self.max_length:
            raise ValueError(
                f"model.memory.newest {self.memory.newest} reaches beyond model.max_length {self.max_length}"
            )
        return self
