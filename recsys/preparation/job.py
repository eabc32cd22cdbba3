"""What every step of a preparation needs to know, and where it finds what the others set down."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from recsys.artifacts.dataset import EVENTS_DIR, REJECTS_DIR, SEQUENCES_DIR
from recsys.config.data import DataConfig
from recsys.config.prepare import PrepareConfig, milliseconds
from recsys.core.events import CleaningPolicy
from recsys.core.events.codes import EventCodes
from recsys.preparation.exchange.catalog import Catalog
from recsys.preparation.exchange.spill import ITEM_PARTITIONS
from recsys.preparation.rules.truncation import Cap
from recsys.preparation.user_deletion import Forgotten


@dataclass(frozen=True)
class Job:
    """A preparation.

    Attributes:
        spill: a directory that all workers share, for what passes between steps.
        target: the dataset in the making.
        blocks, buckets: how many of each there are.
        prior_items: external ids of the vocabulary that is extended, in its order.
        forgotten: the users whose events are left out.
        prior_features: folder of the features of the dataset that is extended, where it has some.
    """

    spill: Path
    target: Path
    data: DataConfig
    config: PrepareConfig
    blocks: int
    buckets: int
    prior_items: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    forgotten: Forgotten = field(default_factory=Forgotten)
    prior_features: Path | None = None

    @property
    def policy(self) -> CleaningPolicy:
        return CleaningPolicy(
            self.config.drop_duplicates, self.config.drop_repeats, tuple(sorted(self.data.event_types))
        )

    @property
    def codes(self) -> EventCodes:
        """What stands for the types; where buckets of values begin is known when the sequences are."""
        return EventCodes(self.policy.event_types)

    @property
    def past_until(self) -> int | None:
        """Where a temporal split ends what trains, milliseconds; other splits have no such moment."""
        return milliseconds(self.config.validation_from) if self.config.split == "temporal" else None

    @property
    def cap(self) -> Cap | None:
        """How much of a user is kept; None is all."""
        most = self.config.max_user_events
        return None if most is None else Cap(most, self.past_until)

    def block_dirs(self) -> list[Path]:
        return [self.spill / "blocks" / f"{number:05d}" for number in range(self.blocks)]

    def partition_dir(self, partition: int) -> Path:
        return self.spill / "catalog" / f"{partition:05d}"

    def bucket_file(self, bucket: int) -> Path:
        return self.spill / "buckets" / f"{bucket:05d}.arrow"

    def shard_file(self, directory: str, number: int) -> Path:
        return self.target / directory / f"{number:05d}.parquet"

    def catalogue(self, sizes: Iterable[int]) -> Catalog:
        return Catalog(tuple(self.partition_dir(p) for p in range(ITEM_PARTITIONS)), tuple(sizes))

    def results(self, step: str) -> list[dict[str, Any]]:
        """What a step's elements returned, in their order; none when the step did not come to run."""
        path = self.spill / f"{step}.json"
        results: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        return results

    def make_dirs(self) -> None:
        for directory in ("blocks", "catalog", "buckets"):
            (self.spill / directory).mkdir(parents=True)
        for directory in (SEQUENCES_DIR, REJECTS_DIR):
            (self.target / directory).mkdir()
        if self.config.keep_events:
            (self.target / EVENTS_DIR).mkdir()
