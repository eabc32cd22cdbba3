"""How a log becomes sequences."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field, model_validator

from recsys.config.base import Section


class BotRule(Section):
    """A user with more than ``events`` events within any ``seconds`` seconds is a bot, and dropped whole."""

    events: int = Field(ge=1)
    seconds: float = Field(gt=0)


class WindowRule(Section):
    """Cut the training part of long histories into windows of ``length`` events, ``stride`` apart."""

    length: int = Field(ge=1)
    stride: int = Field(ge=1)


class PrepareConfig(Section):
    """Cleaning, filtering, splitting and sharding.

    ``fit_on`` says which events decide the core and the vocabulary: ``all`` (the benchmarks' habit) or ``train``
    (what production can know). A temporal split always takes ``train``.
    """

    k_core: int = Field(5, ge=1)
    min_item_events: int = Field(1, ge=1)
    max_items: int | None = Field(None, ge=1)
    oov_buckets: int = Field(0, ge=0)
    drop_duplicates: bool = True
    drop_repeats: bool = False
    bots: BotRule | None = None
    max_user_events: int | None = Field(None, ge=1)
    max_rejected_share: float = Field(0.01, ge=0, le=1)
    split: Literal["leave_one_out", "temporal", "last_session"] = "leave_one_out"
    fit_on: Literal["all", "train"] = Field(
        default_factory=lambda given: "train" if given.get("split") == "temporal" else "all"
    )
    validation_from: datetime | None = None
    test_from: datetime | None = None
    session_gap_minutes: float = Field(30, gt=0)
    windows: WindowRule | None = None
    keep_events: bool = False
    events_per_shard: int = Field(500_000, ge=1)

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


def milliseconds(moment: datetime | None) -> int:
    """A moment of the config as event time; without a zone it is UTC."""
    assert moment is not None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)
