"""The steps of ``recsys.preparation.engine_steps`` as Beam's transforms."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from recsys.log.blocks import LogBlock
from recsys.preparation import engine_steps
from recsys.preparation.engine_steps import NOTHING, Counts
from recsys.preparation.exchange.messages import Message, Numbered
from recsys.preparation.job import Job
from recsys.preparation.vocabulary_fit import VocabularyFit

Sizes = dict[int, int]  # of the catalog's partitions
Piece = tuple[int, Message]  # of a block: its events of bucket n, or the places of its items of partition -1 - n


class _Read(beam.DoFn):
    """Blocks → ``shares`` (rows refused, rows read), ``events`` and ``items``."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def process(self, block: LogBlock) -> Iterator[Any]:
        read = engine_steps.read(self.job, block)
        for event in read.events:
            yield beam.pvalue.TaggedOutput("events", (block.number, event))
        for partition, message in read.items:
            yield beam.pvalue.TaggedOutput("items", (partition, (block.number, message)))
        rejected = sum(read.result["rejected"].values())
        yield rejected, rejected + (0 if block.stored else read.result["events"])


class _Merge(beam.DoFn):
    """A partition's items of all blocks → ``sizes`` and ``names`` by partition, ``places`` by block."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def process(self, group: tuple[int, Iterable[Numbered]]) -> Iterator[Any]:
        partition, items = group
        merged = engine_steps.merge(self.job, partition, items)
        yield partition, merged.size
        yield beam.pvalue.TaggedOutput("names", (partition, merged.names))
        for block, message in merged.places:
            yield beam.pvalue.TaggedOutput("places", (block, (-1 - partition, message)))


def read(job: Job) -> Any:
    """Blocks → ``shares``, ``events`` and ``items``."""
    return beam.ParDo(_Read(job)).with_outputs("events", "items", main="shares")


def merge(job: Job) -> Any:
    """A partition of the catalog → ``sizes``, ``names`` and ``places``."""
    return beam.ParDo(_Merge(job)).with_outputs("places", "names", main="sizes")


class IsWithin(beam.PTransform):
    """Shares of refused rows → whether all together are within a bound."""

    def __init__(self, bound: float) -> None:
        super().__init__()
        self.bound = bound

    def expand(self, shares: Any) -> Any:
        bound = self.bound
        return shares | "Sum" >> add_up() | "Compare" >> beam.Map(lambda sums: bool(sums[0] <= bound * max(1, sums[1])))


class ArraySum(beam.CombineFn):
    """Arrays of one shape, or tuples of numbers, added up."""

    def create_accumulator(self) -> Any:
        return 0

    def add_input(self, total: Any, part: Any) -> Any:
        return total + np.asarray(part)

    def merge_accumulators(self, totals: Iterable[Any]) -> Any:
        return sum(totals)

    def extract_output(self, total: Any) -> Any:
        return total


def add_up() -> Any:
    """Arrays → their sum; of none nothing."""
    return beam.CombineGlobally(ArraySum()).without_defaults()


def encode(group: tuple[int, Iterable[Piece]], sizes: Sizes, is_within: bool) -> Iterator[tuple[int, Numbered]]:
    """A block's events with catalog codes, by bucket; none where too many rows are refused."""
    block, pieces = group
    if not is_within:
        return
    events: list[Numbered] = []
    places: list[Numbered] = []
    for number, message in pieces:
        (events if number >= 0 else places).append((number if number >= 0 else -1 - number, message))
    for bucket, message in engine_steps.encode(events, places, sizes):
        yield bucket, (block, message)


def clean(group: tuple[int, Iterable[Numbered]], job: Job) -> Numbered:
    """A bucket, cleaned."""
    number, events = group
    return number, engine_steps.clean(job, number, events)


def fitted(bucket: Numbered, job: Job, sizes: Sizes) -> Message:
    """What counts for the core."""
    return engine_steps.fitted(job, bucket[1], sum(sizes.values()))


def count(events: Message) -> Counts:
    """Each item's events in a bucket."""
    return engine_steps.count(events)


def drop_fallen(events: Message, job: Job, alive: Message) -> Iterator[Message]:
    """What of a bucket's events is left in a round; nothing goes on once the core is found."""
    if alive != NOTHING:
        yield engine_steps.drop_fallen(job, alive, events)


def begin(_: int, counts: Counts | int, job: Job, sizes: Sizes, names: Iterable[Numbered]) -> VocabularyFit:
    """The choice of items in front of all rounds; ``counts`` are 0 where no bucket has come so far."""
    return engine_steps.begin(job, counts + np.zeros(sum(sizes.values()), np.int64), names)


def advance(fit: VocabularyFit, counts: Counts | int, job: Job) -> VocabularyFit:
    """The choice of items after another round; ``counts`` as ``begin``."""
    return engine_steps.advance(job, fit, counts + np.zeros_like(fit.first))


def alive(fit: VocabularyFit) -> Message:
    """The items that the next round counts."""
    return engine_steps.alive(fit)


def number(fit: VocabularyFit, job: Job, names: Iterable[Numbered], is_within: bool) -> Message:
    """The vocabulary; ``NOTHING`` where too many rows are refused, or more rounds are needed."""
    return engine_steps.number(job, fit, names) if is_within else NOTHING


def write(bucket: Numbered, job: Job, vocabulary: Message) -> None:
    """Write a bucket's shard."""
    if vocabulary != NOTHING:
        engine_steps.write(job, vocabulary, *bucket)
