"""A seeded log of any size drawn from a Markov chain, written in a stream."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from recsys.core.artifact import file_hashes
from recsys.core.errors import ConfigError
from recsys.core.json_files import write_json
from recsys.core.publishing import publish
from recsys.core.schema import EVENT_ID, ITEM, MANIFEST, TIMESTAMP, USER
from recsys.log.synthetic.chain import MarkovChain

KIND = "synthetic log"
FORMAT_VERSION = 1
EVENTS_FILE = "events.csv"
BLOCK_EVENTS = 1 << 20
EPOCH = 1_700_000_000  # seconds; when the log begins
SCHEMA = pa.schema([(name, pa.int64()) for name in (USER, ITEM, TIMESTAMP, EVENT_ID)])

LEAST = {
    "users": 1, "items": 2, "seed": 0, "mean_length": 3, "length_sigma": 0, "heavy_user": 0, "branching": 1, "zipf": 0,
    "days": 1,
}  # fmt: skip


@dataclass(frozen=True)
class SyntheticLog:
    """What a synthetic log is made from; the same values give the same bytes.

    Attributes:
        mean_length: events a user has on average.
        length_sigma: spread of the log-normal lengths; 0 gives every user ``mean_length`` events.
        heavy_user: events of one further user, the first; 0 for none.
        branching, zipf: see ``MarkovChain``.
        days: about how long the log lasts.
    """

    users: int
    items: int
    seed: int = 1
    mean_length: int = 50
    length_sigma: float = 0.0
    heavy_user: int = 0
    branching: int = 8
    zipf: float = 0.0
    days: int = 30

    def __post_init__(self) -> None:
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                raise ConfigError(f"synthetic log: {name} must be at least {least}, found {getattr(self, name)}")
        if 0 < self.heavy_user < 3:
            raise ConfigError(f"synthetic log: heavy_user must be 0 or at least 3, found {self.heavy_user}")

    @property
    def chain(self) -> MarkovChain:
        """The chain that the log is drawn from."""
        return MarkovChain.draw(self.items, self.branching, self.zipf, self.seed)

    def lengths(self) -> npt.NDArray[np.int64]:
        """Events of each user, ``[users] int64``, at least 3; the heavy user comes first."""
        rng = np.random.default_rng([self.seed, 1])
        mean = np.log(self.mean_length) - self.length_sigma**2 / 2  # so that the mean of the log-normal is mean_length
        drawn = np.maximum(3, np.rint(np.exp(rng.normal(mean, self.length_sigma, self.users)))).astype(np.int64)
        return np.concatenate([np.array([self.heavy_user] if self.heavy_user else [], np.int64), drawn])

    def write(self, target: Path, *, overwrite: bool = False) -> dict[str, Any]:
        """Write ``target/events.csv`` and a manifest; returns the manifest.

        Its ``best`` is the best possible ranking of every user's last event (``MarkovChain.best_metrics``).
        Memory holds one block of about a million events, or the longest history where that is longer.
        Events of a block stand in the order of their time; the event id is the line number.
        """
        chain = self.chain
        before_last: list[npt.NDArray[np.int32]] = []
        written = 0
        with publish(target, overwrite=overwrite) as aside:
            with pyarrow.csv.CSVWriter(
                aside / EVENTS_FILE, SCHEMA, write_options=pyarrow.csv.WriteOptions(quoting_header="none")
            ) as writer:
                for users, items, timestamps, ends in self._blocks(chain):
                    order = np.argsort(timestamps, kind="stable")
                    arrival = np.arange(written + 1, written + 1 + len(order))
                    columns = (users[order], items[order] + 1, timestamps[order], arrival)
                    writer.write_batch(pa.record_batch([pa.array(c, pa.int64()) for c in columns], schema=SCHEMA))
                    before_last.append(items[ends - 2])
                    written += len(order)
            manifest = {
                "kind": KIND,
                "format_version": FORMAT_VERSION,
                "made_from": asdict(self),
                "events": written,
                "best": chain.best_metrics(np.concatenate(before_last), 10),
                "files": file_hashes(aside),
            }
            write_json(aside / MANIFEST, manifest)
        return manifest

    def _blocks(self, chain: MarkovChain) -> Iterator[tuple[npt.NDArray[Any], ...]]:
        """User, item and timestamp of each event, user by user, and where each user ends."""
        lengths = self.lengths()
        edges = np.flatnonzero(np.diff(np.cumsum(lengths) // BLOCK_EVENTS)) + 1
        first = 1
        for number, block in enumerate(np.split(lengths, edges)):
            rng = np.random.default_rng([self.seed, 2, number])
            items = chain.walk(block, rng)
            users = np.repeat(np.arange(first, first + len(block)), block)
            yield users, items, self._timestamps(block, rng), np.cumsum(block)
            first += len(block)

    def _timestamps(self, lengths: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Strictly rising seconds for each user: a start in the first half, then exponential gaps of one second up."""
        half = self.days * 86_400 / 2
        ends = np.cumsum(lengths)
        gaps = 1 + np.floor(rng.exponential(np.repeat(half / lengths, lengths))).astype(np.int64)
        elapsed = np.cumsum(gaps)
        since: npt.NDArray[np.int64] = elapsed - np.repeat(elapsed[ends - lengths], lengths)
        return since + np.repeat(EPOCH + rng.integers(0, int(half), len(lengths)), lengths)
