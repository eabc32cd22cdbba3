"""How a log becomes sequences."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field, model_validator

from recsys.config.base import Section


class BotRule(Section):
    """A user with more than ``events`` events within any ``seconds`` seconds is a bot, and dropped whole.

    Duplicates and repeats that are left out do not count. Under a temporal split a user who becomes a bot after
    ``validation_from`` loses only the events from then on: what trains must not know the future.
    """

    events: int = Field(ge=1, description="events that a person may do within the seconds")
    seconds: float = Field(gt=0, description="length of the time that is looked at, wherever it begins")


class PrepareConfig(Section):
    """Cleaning, filtering, splitting and sharding.

    ``fit_on`` says which events decide the core and the vocabulary: ``all`` (the benchmarks' habit) or ``train``
    (what production can know). A temporal split always takes ``train``.
    """

    k_core: int = Field(5, ge=1, description="events that every user and every item kept must have")
    min_item_events: int = Field(1, ge=1, description="events that an item must have before the core is taken")
    max_items: int | None = Field(None, ge=1, description="largest vocabulary, most frequent items first; null is all")
    oov_buckets: int = Field(0, ge=0, description="ids that items outside the vocabulary share; 0 drops their events")
    drop_duplicates: bool = Field(True, description="of events alike in user, item, time and type, keep the first")
    drop_repeats: bool = Field(
        False, description="of a user's successive events alike in item and type, keep the first"
    )
    bots: BotRule | None = None
    max_user_events: int | None = Field(
        None, ge=1, description="newest events kept of each user; split: temporal caps the past by itself; null is all"
    )
    max_rejected_share: float = Field(0.01, ge=0, le=1, description="share of rows that may be no events; else refused")
    split: Literal["leave_one_out", "temporal", "last_session"] = Field(
        "leave_one_out", description="what tests: each user's last event, all from test_from on, or the last session"
    )
    fit_on: Literal["all", "train"] = Field(
        default_factory=lambda given: "train" if given.get("split") == "temporal" else "all",
        description="events that decide core and vocabulary; split: temporal always takes train",
    )
    validation_from: datetime | None = Field(
        None, description="with split: temporal, when validation begins; UTC unless it names a zone"
    )
    test_from: datetime | None = Field(
        None, description="with split: temporal, when the test begins; UTC unless it names a zone"
    )
    session_gap_minutes: float = Field(30, gt=0, description="a longer pause of a user begins a new session")
    keep_events: bool = Field(False, description="keep the valid events, which prepare --extend needs")
    events_per_shard: int = Field(500_000, ge=1, description="rows of the log for each shard, on average")

    @model_validator(mode="after")
    def _split_is_whole(self) -> "PrepareConfig":
        moments = (self.validation_from, self.test_from)
        if self.split == "temporal":
            if None in moments:
                raise ValueError("split: temporal needs prepare.validation_from and prepare.test_from")
            if milliseconds(self.validation_from) >= milliseconds(self.test_from):
                raise ValueError("prepare.validation_from must lie before prepare.test_from")
            if self.fit_on == "all":
                raise ValueError("split: temporal learns from the past only, so fit_on must be train")
        elif moments != (None, None):
            raise ValueError(f"validation_from and test_from belong to split: temporal, found split: {self.split}")
        return self

    @model_validator(mode="after")
    def _bots_can_be_seen(self) -> "PrepareConfig":
        if self.bots is not None and self.max_user_events is not None and self.bots.events >= self.max_user_events:
            raise ValueError(
                f"prepare.bots.events {self.bots.events} is never passed by a user cut to prepare.max_user_events "
                f"{self.max_user_events}; raise the one or lower the other"
            )
        return self


def milliseconds(moment: datetime | None) -> int:
    """A moment of the config as event time; without a zone it is UTC."""
    assert moment is not None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)
