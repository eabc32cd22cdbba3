"""What every step of a preparation needs to know, and where it finds what the others set down."""

import platform
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from recsys.artifacts.dataset import EVENTS_DIR, REJECTS_DIR, SEQUENCES_DIR
from recsys.config.data import DataConfig
from recsys.config.prepare import PrepareConfig, milliseconds
from recsys.core.errors import ConfigError
from recsys.core.events import CleaningPolicy
from recsys.core.events.codes import EventCodes
from recsys.core.json_files import read_json, write_json
from recsys.core.local_path import place
from recsys.preparation.exchange.catalog import Catalog
from recsys.preparation.exchange.spill import ITEM_PARTITIONS
from recsys.preparation.rules.truncation import Cap
from recsys.preparation.user_deletion import Forgotten
from recsys.storage import transfer

RESULTS_DIR = "results"
STEPS = ("read", "merge", "clean", "fit", "write")


@dataclass(frozen=True)
class Job:
    """A preparation.

    Attributes:
        spill: a directory in ``target`` for what passes between steps.
        target: the dataset in the making, on a disk that all workers share, or else on that of who started the job.
        blocks, buckets: how many of each there are.
        prior_items: external ids of the vocabulary that is extended, in its order.
        forgotten: the users whose events are left out.
        prior_features: folder of the features of the dataset that is extended, where it has some.
        store: URL of ``target``, where workers share no disk: there they leave what they make. The job that they are
            told of then has no path of who started it.
        origins: of the tables beside the log, as their owner knows them, by kind, for messages; where workers share no
            disk.
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
    store: str | None = None
    origins: dict[str, str] = field(default_factory=dict)

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

    def catalogue(self, sizes: Iterable[int]) -> Catalog:
        return Catalog(tuple(self.partition_dir(p) for p in range(ITEM_PARTITIONS)), tuple(sizes))

    def check_disk(self) -> None:
        """Before anything else, on each worker.

        Raises:
            ConfigError: this machine shares neither a store nor a disk with the one that started the job.
        """
        if self.store is None and not self.spill.is_dir():
            raise ConfigError(
                f"a worker on {platform.node()} does not see {self.target.parent.parent}: give a --work-dir that all "
                "workers see under this path, or one in a store, such as s3://BUCKET/work"
            )

    @contextmanager
    def output(self, name: str) -> Iterator[Path]:
        """Where a step is to write a file, or a folder of files, of the dataset; each has to appear whole."""
        if self.store is None:
            yield self.target / name
            return
        with TemporaryDirectory(prefix="recsys-") as folder:
            path = Path(folder) / Path(name).name
            yield path
            files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
            to = place(f"{self.store}/{name}")
            transfer.put_at((file, to / file.relative_to(path)) for file in files)

    def keep_result(self, step: str, result: dict[str, Any]) -> None:
        """Keep what an element of a step returns for whoever started the job, whatever the runner does with outputs."""
        with self.output(f"{self.spill.name}/{RESULTS_DIR}/{step}/{result['number']:05d}.json") as path:
            write_json(path, result)

    def results(self, step: str) -> list[dict[str, Any]]:
        """What a step's elements returned, in their order; none when the step did not come to run."""
        path = self.spill / f"{step}.json"
        if path.exists():
            return list(read_json(path))
        kept = (read_json(file) for file in self.result_dir(step).glob("*.json"))
        return sorted(kept, key=lambda result: int(result["number"]))

    def result_dir(self, step: str) -> Path:
        return self.spill / RESULTS_DIR / step

    def make_dirs(self) -> None:
        for directory in ("blocks", "catalog", "buckets", *(f"{RESULTS_DIR}/{step}" for step in STEPS)):
            (self.spill / directory).mkdir(parents=True)
        for directory in (SEQUENCES_DIR, REJECTS_DIR):
            (self.target / directory).mkdir()
        if self.config.keep_events:
            (self.target / EVENTS_DIR).mkdir()
