"""The preparation as one Beam pipeline."""

from functools import partial
from typing import Any

from pipelines.progress import watch
from pipelines.runners import Runner, run
from recsys.log.blocks import LogBlock
from recsys.preparation.diagnostics.counts import rejected_share
from recsys.preparation.exchange.spill import ITEM_PARTITIONS
from recsys.preparation.job import Job
from recsys.preparation.steps import clean, fit, merge, read, write

Result = dict[str, Any]
STEPS = ("read", "merge", "clean", "fit", "write")


def run_steps(job: Job, blocks: list[LogBlock], runner: Runner) -> dict[str, list[Result]]:
    """Run every step; returns their results by name.

    When too many rows are refused, nothing comes after ``read``.

    Raises:
        RecsysError: a step failed.
    """
    with watch(job, blocks):
        run(lambda pipeline: _build(pipeline, job, blocks), runner, sum(block.rows for block in blocks))
    return {step: job.results(step) for step in STEPS}


def _build(pipeline: Any, job: Job, blocks: list[LogBlock]) -> None:
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
