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
    event_type: str | None = None


class EventType(Section):
    """How much an event of one type counts, and which of them count at all.

    ``at_least`` bounds columns of the log from below: ``{dwell_seconds: 10}`` drops events with less, or none.
    """

    weight: float = Field(1.0, gt=0)
    at_least: dict[str, float] = Field(default_factory=dict)


class ItemTable(Section):
    """A table of items joined into the vocabulary; every other column becomes metadata."""

    path: Path
    item: str = "item_id"
    title: str | None = None


class DataConfig(Section):
    """The event log: a data set by name, or any file, folder or glob by path."""

    name: str | None = None
    path: Path | None = None
    columns: Columns = Columns()
    timestamp_unit: Literal["s", "ms", "iso8601"] = "s"
    delimiter: str = Field(",", min_length=1, max_length=1)
    event_types: dict[str, EventType] = Field(default_factory=dict)
    items: ItemTable | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "DataConfig":
        if (self.name is None) == (self.path is None):
            raise ValueError("give either data.name (a data set fetched by name) or data.path (a log of your own)")
        plain = DataConfig.model_construct(name=self.name)
        spare = [field for field in type(self).model_fields if getattr(self, field) != getattr(plain, field)]
        if self.name is not None and spare:
            raise ValueError(f"data.name brings its own columns, units and items; leave out {', '.join(spare)}")
        return self

    @model_validator(mode="after")
    def _types_have_a_column(self) -> "DataConfig":
        if self.event_types and self.columns.event_type is None:
            raise ValueError("data.event_types needs data.columns.event_type, the column that holds an event's type")
        return self
