"""The peer on Beam: the same job element by element. Usage: python -m benchmarks.pipeline_naive LOG OUT

Beam has no loop, so the core takes one round here (items, then users): less work than the job it is held against.
"""

import json
import logging
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

CORE = 5
Event = tuple[int, int, str]  # timestamp, event id, item


def parse(line: str) -> Iterator[tuple[str, Event]]:
    user, item, timestamp, event_id = line.split(",")
    if user and item:
        yield user, (int(timestamp), int(event_id), item)


def order(group: tuple[str, Iterable[Event]]) -> tuple[str, list[Event]]:
    user, events = group
    seen: set[tuple[int, str]] = set()
    kept = []
    for timestamp, event_id, item in sorted(events):
        if (timestamp, item) not in seen:
            seen.add((timestamp, item))
            kept.append((timestamp, event_id, item))
    return user, kept


def number(counts: list[tuple[str, int]]) -> dict[str, int]:
    kept = sorted((-count, item) for item, count in counts if count >= CORE)
    return {item: place for place, (_, item) in enumerate(kept, 1)}


def encode(group: tuple[str, list[Event]], vocabulary: dict[str, int]) -> Iterator[str]:
    user, events = group
    known = [(timestamp, vocabulary[item]) for timestamp, _, item in events if item in vocabulary]
    if len(known) >= CORE:
        times, items = zip(*known, strict=True)
        yield json.dumps([user, items, times, len(items) - 2, len(items) - 1])


def prepare(log: Path, out: Path) -> None:
    """Read, clean, one round of 5-core, vocabulary, sort, split, write."""
    logging.disable(logging.WARNING)
    with beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions(["--direct_running_mode=in_memory"])) as pipeline:
        histories = (
            pipeline
            | beam.io.ReadFromText(str(log), skip_header_lines=1)
            | beam.FlatMap(parse)
            | beam.GroupByKey()
            | beam.Map(order)
        )
        vocabulary = (
            histories
            | beam.FlatMap(lambda group: [event[2] for event in group[1]])
            | beam.combiners.Count.PerElement()
            | beam.combiners.ToList()
            | beam.Map(number)
        )
        lines = histories | "Encode" >> beam.FlatMap(encode, beam.pvalue.AsSingleton(vocabulary))
        _ = lines | beam.io.WriteToText(str(out / "sequences"))


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), Path(sys.argv[2]))
