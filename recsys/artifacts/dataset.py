"""The dataset artifact: sequences, items, rejects, statistics and the manifest that binds them."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.artifacts.artifact import SealedArtifact
from recsys.artifacts.flat_columns import OFFSETS, read_flat
from recsys.artifacts.manifests import DatasetManifest
from recsys.artifacts.recorded_config import parse_recorded
from recsys.config.data import EventType
from recsys.core.digests import digest
from recsys.core.errors import ArtifactError, DataError
from recsys.core.events import CleaningPolicy, Event
from recsys.core.events.codes import EventCodes
from recsys.core.json_files import read_json
from recsys.core.schema import (
    COUNT,
    EXTERNAL_ID,
    ITEM,
    ITEMS,
    TIMESTAMPS,
    TRAIN_END,
    TYPES,
    USER,
    VALIDATION_END,
    VALUES,
    WEIGHTS,
)
from recsys.core.vocabulary import Vocabulary
from recsys.features.encoded import EncodedFeature
from recsys.features.encoders import Encoders, read_encoded
from recsys.sequences.relations import Relations
from recsys.sequences.sequences import Sequences

SEQUENCES_DIR = "sequences"
REJECTS_DIR = "rejects"
EVENTS_DIR = "events"
FEATURES_DIR = "features"
FORGOTTEN_FILE = "forgotten.npy"
REPORT_FILE = "report.html"
ITEMS_FILE = "items.parquet"
RELATIONS_FILE = "relations.parquet"
STATS_FILE = "stats.json"


def dataset_digest(counts: dict[str, Any], hashes: dict[str, str], codes: dict[str, Any]) -> str:
    """32 hex digits over a dataset's content: its counts, the hashes of its files, and its event codes, if any.

    Paths take no part, nor do ``rejects/``, whose rows name the files they came from, nor the report.
    """
    told = {name: value for name, value in hashes.items() if name != REPORT_FILE and not name.startswith(REJECTS_DIR)}
    return digest({"counts": counts, "files": told, **({"event_codes": codes} if codes else {})})


class Dataset(SealedArtifact[DatasetManifest]):
    """A dataset directory, opened for reading.

    Raises:
        ArtifactError: no dataset there, one of a newer format, or one whose manifest is not whole.
    """

    kind = "dataset"
    format_version = 1
    manifest_type = DatasetManifest
    sealed = (ITEMS_FILE, STATS_FILE, SEQUENCES_DIR)

    @property
    def digest(self) -> str:
        """The content digest, ``dataset_digest``."""
        return self.manifest.dataset_digest

    @property
    def counts(self) -> dict[str, Any]:
        """What was read, rejected, dropped and written."""
        return dict(self.manifest.counts)

    @property
    def policy(self) -> CleaningPolicy:
        return CleaningPolicy.from_json(self.manifest.cleaning)

    @cached_property
    def codes(self) -> EventCodes:
        """What stands for the types and values of its events."""
        return EventCodes.from_json(self.manifest.event_codes)

    @cached_property
    def event_types(self) -> dict[str, EventType]:
        """``data.event_types`` of the config that it was made with. Raises as ``parse_recorded``."""
        recorded, origin = self.manifest.inputs.data.get("event_types") or {}, f"{self.path}: inputs.data.event_types"
        return {name: parse_recorded(EventType, rule, f"{origin}.{name}") for name, rule in recorded.items()}

    @property
    def seen_types(self) -> tuple[str, ...] | None:
        """The types of events whose items count as seen; None where all do."""
        seen = tuple(name for name, rule in self.event_types.items() if rule.is_seen)
        return None if len(seen) == len(self.event_types) else seen

    @cached_property
    def items(self) -> pd.DataFrame:
        """The item table by internal id: ``item_id, external_id, count`` and metadata."""
        return pd.read_parquet(self.path / ITEMS_FILE)

    @property
    def external_ids(self) -> pa.Array:
        """Every item's own id, in the order of the internal ids from 1 on, as one column of strings."""
        found = pa.array(self.items[EXTERNAL_ID], pa.string())  # in chunks where pandas holds them so: large catalogs
        return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found

    @cached_property
    def vocabulary(self) -> Vocabulary:
        table = self.items
        if not np.array_equal(table[ITEM], np.arange(1, len(table) + 1)):
            raise ArtifactError(f"{self.path / ITEMS_FILE}: {ITEM} must count 1..{len(table)} in order")
        return Vocabulary(table[EXTERNAL_ID].tolist(), self.manifest.oov.buckets)

    def check_has(self, items: Iterable[str]) -> None:
        """Refuse external ids that no item has.

        Raises:
            DataError: there is one.
        """
        for item in items:
            if item not in self.vocabulary:
                known = ", ".join(map(repr, self.vocabulary.external_ids[:3]))
                raise DataError(
                    f"{self.path}: has no item {item!r}, only such as {known}; its {ITEMS_FILE} lists all of them"
                )

    @property
    def item_counts(self) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """How often each item was seen, ``[table_size] int64``, by internal id (padding and buckets 0)."""
        counts = np.zeros(self.vocabulary.table_size, np.int64)
        counts[1 : len(self.items) + 1] = self.items[COUNT]
        return counts

    @property
    def features_dir(self) -> Path | None:
        """Where the items' features lie, with the encoders that made them; None where the config names none."""
        return self.path / FEATURES_DIR if self._listed(FEATURES_DIR) else None

    @property
    def features(self) -> list[EncodedFeature]:
        """What is known of each item beside its events, by internal id (padding and buckets know nothing).

        Read anew each time: vectors of a large catalog take more memory than all else of a dataset.
        """
        directory = self.features_dir
        features = []
        for one in [] if directory is None else read_encoded(directory):
            if len(one.rows) != len(self.items):
                raise ArtifactError(f"{directory}: {len(one.rows)} rows of {one.name!r} for {len(self.items)} items")
            features.append(one.inside(self.vocabulary.table_size))
        return features

    @cached_property
    def encoders(self) -> Encoders:
        """What encodes the items' features; empty where the config names none. Raises as ``Encoders.load``."""
        return Encoders({}) if self.features_dir is None else Encoders.load(self.features_dir)

    @cached_property
    def relations(self) -> Relations | None:
        """What is known to go together, by internal ids; None where the config names no table of it."""
        if RELATIONS_FILE not in self.manifest.files:
            return None
        table = pq.read_table(self.path / RELATIONS_FILE)
        return Relations(*(table.column(name).to_numpy() for name in Relations._fields))

    @cached_property
    def sequences(self) -> Sequences:
        """Every user's sequence, in the order of the shards."""
        return _sequences(self.shard_files, self.codes, self.seen_types)

    @property
    def shards(self) -> int:
        """How many shards the sequences lie in."""
        return len(self.shard_files)

    def shard(self, number: int) -> Sequences:
        """The sequences of one shard."""
        return _sequences([self.shard_files[number]], self.codes, self.seen_types)

    @cached_property
    def shard_files(self) -> list[Path]:
        """The shards that the sequences lie in, in their order."""
        return self._listed(SEQUENCES_DIR)

    def _listed(self, directory: str) -> list[Path]:
        """The files of a folder that the manifest vouches for; what else lies there is no part of the dataset."""
        return sorted(self.path / name for name in self.manifest.files if name.startswith(f"{directory}/"))

    def client_events(self, start: int, end: int) -> list[Event]:
        """Events ``[start, end)`` of the flat arrays, of one user, as a client would hold them.

        Those of items that share an out-of-vocabulary bucket have no names, and are left out.
        """
        sequences, external = self.sequences, self.vocabulary.external_ids
        rows = zip(
            sequences.items[start:end].tolist(),
            sequences.timestamps[start:end].tolist(),
            *sequences.types_and_values(start, end),
            strict=True,
        )
        return [
            Event(external[item - 1], time, place, kind, value)
            for place, (item, time, kind, value) in enumerate(rows)
            if item <= len(external)
        ]

    @property
    def stats(self) -> dict[str, Any]:
        """``stats.json``: history lengths, popularity, activity over time."""
        stats: dict[str, Any] = read_json(self.path / STATS_FILE)
        return stats

    @property
    def event_files(self) -> list[Path]:
        """The valid events kept so that a later log can extend this dataset; none where none were kept."""
        return self._listed(EVENTS_DIR)

    @property
    def forgotten(self) -> "np.ndarray[Any, np.dtype[np.uint64]]":
        """Keyed hashes of the users whom this dataset leaves out, ``[n] uint64``; the key is ``user_deletion``'s."""
        path = self.path / FORGOTTEN_FILE
        return np.load(path, allow_pickle=False) if path.exists() else np.zeros(0, np.uint64)


def _sequences(shards: list[Path], codes: EventCodes, seen_types: tuple[str, ...] | None) -> Sequences:
    """The sequences of some shards; beside them, memory holds one shard at a time."""
    whole = read_flat(shards)
    types = whole.get(TYPES)
    return Sequences(
        users=whole[USER],
        offsets=whole[OFFSETS],
        items=whole[ITEMS],
        timestamps=whole[TIMESTAMPS],
        train_end=whole[TRAIN_END].astype(np.int64),
        validation_end=whole[VALIDATION_END].astype(np.int64),
        weights=whole.get(WEIGHTS),
        types=types,
        values=whole.get(VALUES),
        seen=None if types is None or seen_types is None else np.isin(types, codes.of_types(seen_types)),
        codes=codes,
    )
