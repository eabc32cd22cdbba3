"""The preparation by files: what passes between steps lies on a disk that all workers share."""

from functools import partial
from typing import Any

from recsys.log.blocks import LogBlock
from recsys.preparation.diagnostics.counts import rejected_share
from recsys.preparation.exchange.spill import ITEM_PARTITIONS
from recsys.preparation.file_steps import clean, fit, merge, read, write
from recsys.preparation.job import Job


def build(job: Job, blocks: list[LogBlock], pipeline: Any) -> None:
    """Add the steps to a pipeline, with a barrier behind each."""
    import apache_beam as beam

    from pipelines.transforms import Step

    bound = job.config.max_rejected_share
    sizes = (
        pipeline
        | "Blocks" >> beam.Create(blocks)
        | Step("read", partial(read, job), job.spill)
        | "WithinBounds" >> beam.Filter(lambda reads: rejected_share(reads) <= bound)
        | "Partitions" >> beam.FlatMap(lambda _: range(ITEM_PARTITIONS))
        | Step("merge", partial(merge, job), job.spill)
        | "Sizes" >> beam.Map(lambda partitions: [partition["items"] for partition in partitions])
    )
    (
        sizes
        | "Buckets" >> beam.FlatMap(lambda sizes: [(sizes, bucket) for bucket in range(job.buckets)])
        | Step("clean", partial(clean, job), job.spill)
        | "All" >> beam.Map(lambda _, sizes: sizes, beam.pvalue.AsSingleton(sizes))
        | Step("fit", partial(fit, job), job.spill)
        | "Shards" >> beam.FlatMap(lambda _: range(job.buckets))
        | Step("write", partial(write, job), job.spill)
    )
