"""How a log becomes sequences."""

from typing import Literal

from pydantic import Field

from recsys.config.base import Section


class PrepareConfig(Section):
    """Cleaning, filtering, splitting and sharding."""

    k_core: int = Field(5, ge=1)
    drop_duplicates: bool = True
    drop_repeats: bool = False
    max_rejected_share: float = Field(0.01, ge=0, le=1)
    split: Literal["leave_one_out"] = "leave_one_out"
    events_per_shard: int = Field(500_000, ge=1)
