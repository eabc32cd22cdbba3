"""Which event log, and what its columns mean."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from recsys.config.base import Section


class Columns(Section):
    """The log's own names for what an event holds."""

    user: str = "user_id"
    item: str = "item_id"
    timestamp: str = "timestamp"
    event_id: str | None = None


class ItemTable(Section):
    """A table of items joined into the vocabulary; every other column becomes metadata."""

    path: Path
    item: str = "item_id"
    title: str | None = None


class DataConfig(Section):
    """The event log: a data set by name, or any file by path."""

    name: str | None = None
    path: Path | None = None
    columns: Columns = Columns()
    timestamp_unit: Literal["s", "ms", "iso8601"] = "s"
    items: ItemTable | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "DataConfig":
        if (self.name is None) == (self.path is None):
            raise ValueError("give either data.name (a data set fetched by name) or data.path (a log of your own)")
        return self


class PrepareConfig(Section):
    """How the log becomes sequences."""

    k_core: int = Field(5, ge=1)
    drop_duplicates: bool = True
    drop_repeats: bool = False
    max_rejected_share: float = Field(0.01, ge=0, le=1)
    split: Literal["leave_one_out"] = "leave_one_out"
    shards: int = Field(4, ge=1, le=4096)
