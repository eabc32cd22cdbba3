"""Which event log, and what its columns mean."""

import re
from pathlib import Path, PurePath
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from recsys.config.base import LocalPath, Section

# How logs write that nothing is there: databases, pandas, Spark, R, Python, spreadsheets and JavaScript.
NULL_VALUES = (
    "", "NULL", "Null", "null", "(null)", "None", "none", "NA", "N/A", "n/a", "<NA>", "#N/A", "NaN", "nan", "NaT",
    "\\N", "undefined",
)  # fmt: skip


class Columns(Section):
    """The log's own names for what an event holds."""

    user: str = Field("user_id", description="column of the user's id")
    item: str = Field("item_id", description="column of the item's id")
    timestamp: str = Field("timestamp", description="column of the event's time")
    event_id: str | None = Field(None, description="column of whole numbers that order a user's events of one time")
    event_type: str | None = Field(None, description="column of the event's type")
    value: str | None = Field(
        None, description="column of a number that an event has: a rating, seconds of dwell time, a quantity"
    )


class EventType(Section):
    """How much an event of one type counts as a target, whether it is one, and which of them count at all.

    ``at_least`` bounds columns of the log from below: ``{dwell_seconds: 10}`` drops events with less, or none.
    """

    weight: float = Field(1.0, gt=0, description="of a target of this type in the training loss, beside other types'")
    target: bool = Field(True, description="whether such events are predicted; else they are only read in histories")
    seen: bool | None = Field(
        None, description="whether their items stay out of later rankings (evaluation.filter_seen); null is as target"
    )
    at_least: dict[str, float] = Field(default_factory=dict, description="lower bounds by column of the log")

    @property
    def is_seen(self) -> bool:
        """Whether its events' items count as seen."""
        return self.target if self.seen is None else self.seen


class FeatureConfig(Section):
    """How the model reads a column of the item table; the kind alone may stand for it."""

    kind: Literal["category", "number", "text", "vector"] = Field(
        description="category: one or several values; number: its quantile; text: words and runs of characters; "
        "vector: a list column, such as embeddings that exist already"
    )
    separator: str = Field("|", min_length=1, description="between an item's categories; a list column needs none")

    @model_validator(mode="after")
    def _separates_categories(self) -> "FeatureConfig":
        if self.separator != "|" and self.kind != "category":
            raise ValueError(f"separator is a category's; the kind is {self.kind}")
        return self


class ItemTableConfig(Section):
    """A table of items joined into the vocabulary; columns that the model does not read become metadata alone.

    With ``features``, items that have no events yet enter the vocabulary, too, and are ranked by what is known of them.
    """

    path: LocalPath | None = Field(
        None, description="CSV, TSV or Parquet, or its URL, one row an item; data.name brings its own"
    )
    item: str = Field("item_id", description="column of the item's id, as the log has it")
    title: str | None = Field(None, description="column of what people call the item")
    features: dict[str, FeatureConfig] = Field(
        default_factory=dict, description="columns that the model reads, and as what"
    )

    @field_validator("features", mode="before")
    @classmethod
    def _kinds_alone(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        whole = {name: {"kind": one} if isinstance(one, str) else one for name, one in value.items()}
        return dict(sorted(whole.items(), key=lambda pair: str(pair[0])))  # in whichever order they are written

    @model_validator(mode="after")
    def _item_is_no_feature(self) -> "ItemTableConfig":
        if self.item in self.features:
            raise ValueError(f"features: {self.item!r} is the column of the item's id, which says nothing of it")
        return self


class RelationsConfig(Section):
    """What is known to go together, by a table, a row a relation, or by texts; the transition memory reads it, too.

    A row holds from ``item`` to ``related``: who has met the one may want the other. What holds both ways has two rows.
    """

    path: LocalPath | None = Field(None, description="CSV, TSV or Parquet, one row a relation; null is no table")
    item: str = Field("item_id", description="column of the id of the item that a relation begins at")
    related: str = Field("related_id", description="column of the id of the item that it leads to")
    weight: str | None = Field(None, description="column of how strong it is, above 0; null makes all alike")
    nearest: int | None = Field(
        None,
        ge=1,
        description="how many items of the nearest texts (data.items.features) are related to an item, and it to them; "
        "null is none",
    )

    @model_validator(mode="after")
    def _relates_something(self) -> "RelationsConfig":
        if self.path is None and self.nearest is None:
            raise ValueError("give path, a table of relations, or nearest, which finds them by texts")
        return self

    @model_validator(mode="after")
    def _columns_differ(self) -> "RelationsConfig":
        names = [self.item, self.related, *([] if self.weight is None else [self.weight])]
        if len(set(names)) < len(names):
            raise ValueError(f"item, related and weight are columns of their own; found {', '.join(names)}")
        return self


class DataConfig(Section):
    """The event log: a data set by name, or any file, folder or glob by path."""

    name: str | None = Field(None, description="movielens-100k, -1m or -20m, which is fetched; instead of path")
    path: LocalPath | None = Field(
        None,
        description="file, folder (with those in it) or glob, or its URL: CSV, TSV, JSON Lines (also .gz, .bz2, .zst) "
        "or Parquet",
    )
    columns: Columns = Columns()
    timestamp_unit: Literal["s", "ms", "us", "ns", "iso8601"] = Field(
        "s", description="how times are written; a Parquet column typed as a time brings its own unit"
    )
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="between a CSV log's fields; null is a tab for .tsv, .tab, else ,"
    )
    null_values: tuple[str, ...] = Field(
        NULL_VALUES, description="texts that mean that nothing is there; leave out of it what is a real id"
    )
    event_types: dict[str, EventType] = Field(default_factory=dict)
    items: ItemTableConfig | None = None
    relations: RelationsConfig | None = None

    @field_validator("event_types", mode="before")
    @classmethod
    def _spelled_as_read(cls, value: Any) -> Any:
        """A type is an id, which a log's reader spells 1 whether it is written 1, 1.0 or "1.0"."""
        if not isinstance(value, dict):
            return value
        names = [str(key) if type(key) in (int, float) else key for key in value]
        names = [_whole(name) if isinstance(name, str) else name for name in names]
        if len(set(names)) < len(names):
            raise ValueError(f"two of its types are one, for 1.0 is read as 1; found {', '.join(map(str, value))}")
        return dict(zip(names, value.values(), strict=True))

    @field_validator("delimiter", mode="before")
    @classmethod
    def _spelled_tab(cls, value: Any) -> Any:
        return "\t" if value in ("\\t", "tab") else value

    @field_validator("delimiter")
    @classmethod
    def _splits_fields(cls, value: str | None) -> str | None:
        if value is not None and (value in '"\r\n' or not value.isascii()):
            raise ValueError(f"expected one ASCII character that is no quote and no line end, found {value!r}")
        return value

    @model_validator(mode="after")
    def _one_source(self) -> "DataConfig":
        if (self.name is None) == (self.path is None):
            raise ValueError("give either data.name (a data set fetched by name) or data.path (a log of your own)")
        if self.name is None and self.items is not None and self.items.path is None:
            raise ValueError("data.items needs its path: the file that holds the item table")
        own = self.items is not None and self.items == ItemTableConfig(features=self.items.features)
        plain = DataConfig.model_construct(name=self.name, items=self.items if own else None, relations=self.relations)
        spare = [field for field in type(self).model_fields if getattr(self, field) != getattr(plain, field)]
        if self.name is not None and spare:
            raise ValueError(
                f"data.name brings its own columns, units and items; leave out {', '.join(spare)} "
                "(but data.items.features and data.relations)"
            )
        return self

    @model_validator(mode="after")
    def _types_have_a_column(self) -> "DataConfig":
        if self.event_types and self.columns.event_type is None:
            raise ValueError("data.event_types needs data.columns.event_type, the column that holds an event's type")
        return self

    @model_validator(mode="after")
    def _nearest_have_texts(self) -> "DataConfig":
        texts = self.items is not None and any(one.kind == "text" for one in self.items.features.values())
        if self.relations is not None and self.relations.nearest is not None and not texts:
            raise ValueError("relations.nearest finds items by their texts: name one in items.features, as title: text")
        return self

    @model_validator(mode="after")
    def _something_is_predicted(self) -> "DataConfig":
        if self.event_types and not any(rule.target for rule in self.event_types.values()):
            raise ValueError(
                f"none of the data.event_types {', '.join(self.event_types)} is a target, so nothing would be "
                "predicted; leave target: true at one of them"
            )
        return self


def _whole(text: str) -> str:
    """``12.0`` as ``12``, and all else as it is: as ``recsys.log.values.identifiers`` reads it in a log."""
    found = re.fullmatch(r"(-?(?:0|[1-9]\d{0,15}))\.0+", text)
    return str(int(found[1])) if found and abs(int(found[1])) <= 2**53 else text


def data_name(name: str | None, path: Path | str | None) -> str:
    """What people call the data of ``data.name`` or ``data.path``: the data set's name, or the log's file name."""
    return name or PurePath(str(path)).stem or str(path)
