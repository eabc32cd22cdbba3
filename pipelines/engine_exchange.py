"""The preparation by the engine: what passes between steps goes through Beam's own shuffle, and no disk is shared."""

from typing import Any

from recsys.config.prepare import PrepareConfig
from recsys.log.blocks import LogBlock
from recsys.preparation.job import Job

ROUNDS = 8  # of the core, before a pipeline is built again


def rounds_of(config: PrepareConfig) -> int:
    """How many rounds a pipeline holds at first: one ends a core of 1, and a largest size asks for another core."""
    return (1 if config.k_core == 1 else ROUNDS) * (1 if config.max_items is None else 2)


def build(job: Job, blocks: list[LogBlock], rounds: int, pipeline: Any) -> None:
    """Add the steps to a pipeline, with so many rounds of the core."""
    from apache_beam import Create, FlatMap, Flatten, GroupByKey, Map, Reshuffle
    from apache_beam.pvalue import AsDict, AsIter, AsSingleton

    from pipelines import engine_transforms as steps

    read = pipeline | "Blocks" >> Create(blocks) | "Spread" >> Reshuffle() | "read" >> steps.read(job)
    within = AsSingleton(read.shares | "Within" >> steps.IsWithin(job.config.max_rejected_share))
    merged = read["items"] | "ByPartition" >> GroupByKey() | "merge" >> steps.merge(job)
    sizes, names = AsDict(merged.sizes), AsIter(merged.names)
    buckets = (
        (read.events, merged.places)
        | "Together" >> Flatten()
        | "ByBlock" >> GroupByKey()
        | "encode" >> FlatMap(steps.encode, sizes, within)
        | "ByBucket" >> GroupByKey()
        | "clean" >> Map(steps.clean, job)
    )
    events = buckets | "fitted" >> Map(steps.fitted, job, sizes)
    counts = events | "count" >> Map(steps.count) | "Sum" >> steps.add_up()
    start = pipeline | "Start" >> Create([0])
    fit = start | "begin" >> Map(steps.begin, AsSingleton(counts, 0), job, sizes, names)
    for number in range(1, rounds + 1):  # a chain: what has many readers takes Flink's network memory for each
        alive = AsSingleton(fit | f"Alive{number}" >> Map(steps.alive))
        events = events | f"round{number}" >> FlatMap(steps.drop_fallen, job, alive)
        counts = events | f"count{number}" >> Map(steps.count) | f"Sum{number}" >> steps.add_up()
        fit = fit | f"advance{number}" >> Map(steps.advance, AsSingleton(counts, 0), job)
    vocabulary = fit | "number" >> Map(steps.number, job, names, within)
    _ = buckets | "write" >> Map(steps.write, job, AsSingleton(vocabulary))
