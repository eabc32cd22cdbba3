"""Event log → dataset.

Importing this module does not import Beam: a dataset that is there already is found without it.
"""

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipelines.runners import Runner
from recsys.artefact import digest, file_hashes, publish, sha256_file, write_json
from recsys.config import Config
from recsys.config.data import Columns, DataConfig, ItemTable
from recsys.data.accounting import count_all, count_rejects, refuse_empty, refuse_rejects, rejected_share
from recsys.data.dataset import FORMAT_VERSION, KIND, REJECTS_DIR, STATS_FILE, Dataset, dataset_digest
from recsys.data.log import Block, content_hashes, log_files, plan_blocks
from recsys.data.preparation import Job, clean, fit, merge, read, read_results, source_columns, write, write_rejects
from recsys.data.reading import Reject
from recsys.data.spill import ITEM_PARTITIONS
from recsys.errors import DataError, RecsysError
from recsys.schema import MANIFEST
from recsys.stage import Outcome

SPILL_DIR = ".spill"


def prepare(
    config: Config, work_dir: Path, *, overwrite: bool = False, runner: Runner | None = None
) -> Outcome[Dataset]:
    """Make the dataset that ``config`` describes, or find it in ``work_dir / "datasets"``.

    Its directory is named by what it is made of: the content of the log and of the item table, and the sections
    ``data`` and ``prepare``.

    Raises:
        DataError: the log cannot be used; names the file, the row or the column.
        RecsysError: the pipeline failed.
    """
    data = resolve(config.data, work_dir / "data")
    assert data.path is not None
    files = log_files(data.path)
    inputs = {
        "format_version": FORMAT_VERSION,
        "log": content_hashes(files),
        "items": sha256_file(data.items.path) if data.items and data.items.path.is_file() else None,
        "data": data.model_dump(mode="json", exclude={"name": True, "path": True, "items": {"path"}}),
        "prepare": config.prepare.model_dump(mode="json"),
    }
    target = work_dir / "datasets" / digest(inputs)
    if target.exists() and not overwrite:
        return Outcome(Dataset(target), reused=True)
    with publish(target, overwrite=overwrite) as aside:
        _make(Config(data=data, prepare=config.prepare), files, aside, runner or Runner(), digest(inputs))
    return Outcome(Dataset(target), reused=False)


def resolve(data: DataConfig, cache_dir: Path) -> DataConfig:
    """A data set by name becomes the files that it was fetched to."""
    if data.name is None:
        return data
    from recsys.data.sources import fetch

    log = fetch(data.name, cache_dir)
    return DataConfig(
        path=log.events,
        columns=Columns(user=log.user, item=log.item, timestamp=log.timestamp, event_id=log.event_id),
        timestamp_unit=log.timestamp_unit,
        items=ItemTable(path=log.items, item=log.item, title=log.title) if log.items else None,
    )


def _make(config: Config, files: list[Path], target: Path, runner: Runner, config_digest: str) -> None:
    spill = target / SPILL_DIR
    blocks, long_lines = plan_blocks(files, config.data.delimiter, spill / "unpacked")
    rows = sum(block.rows for block in blocks)
    if not rows + len(long_lines):
        raise DataError(f"{config.data.path}: the log holds no rows; an event log needs at least one event")
    check_columns(blocks, config.data)
    buckets = -(-max(rows, 1) // config.prepare.events_per_shard)
    job = Job(spill, target, config.data, config.prepare, len(blocks), buckets)
    job.make_dirs()
    rejects = [Reject("long line", line.origin, line.row, "") for line in long_lines]
    write_rejects(rejects, target / REJECTS_DIR / "long-lines.parquet")
    try:
        _run(job, blocks, len(long_lines), runner, rows)
    except Exception as error:
        raise RecsysError(f"prepare: the pipeline stopped: {_reason(error)}") from error
    counts = _counts(job, len(long_lines))
    shutil.rmtree(spill)
    write_json(target / STATS_FILE, counts)
    hashes = file_hashes(target)
    write_json(
        target / MANIFEST,
        {
            "kind": KIND,
            "format_version": FORMAT_VERSION,
            "config_digest": config_digest,
            "dataset_digest": dataset_digest(counts, hashes),
            "counts": counts,
            "cleaning": job.policy.to_json(),
            "oov": {"buckets": 0},
            "split": config.prepare.split,
            "files": hashes,
        },
    )


def check_columns(blocks: list[Block], data: DataConfig) -> None:
    """Raises DataError when a file lacks a column that the config names, or has it twice."""
    for block in blocks:
        if block.format == "jsonl":
            continue
        for ours, name in source_columns(data).items():
            if block.columns.count(name) != 1:
                found = "found twice" if name in block.columns else "missing"
                raise DataError(
                    f"{block.origin}: column {name!r} ({ours}) is {found}; the file has "
                    f"{', '.join(block.columns) or 'no columns'}. Name the log's own columns in data.columns"
                )


def _run(job: Job, blocks: list[Block], long_lines: int, runner: Runner, rows: int) -> None:
    import apache_beam as beam

    from pipelines.transforms import Step

    bound = job.config.max_rejected_share
    with runner.pipeline(rows) as pipeline:
        sizes = (
            pipeline
            | "Blocks" >> beam.Create(blocks)
            | Step("read", partial(read, job), job.spill)
            | "WithinBounds" >> beam.Filter(lambda reads: rejected_share(reads, long_lines) <= bound)
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


def _reason(error: BaseException) -> str:
    """The innermost message of an error that passed through a runner."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _counts(job: Job, long_lines: int) -> dict[str, Any]:
    """Every step's counts as one account, once it is sure that the dataset can be used."""
    reads = read_results(job.spill, "read")
    share = rejected_share(reads, long_lines)
    if share > job.config.max_rejected_share:
        refuse_rejects(share, job.config.max_rejected_share, count_rejects(reads, long_lines), _examples(job.target))
    counts = count_all({step: read_results(job.spill, step) for step in ("read", "clean", "fit", "write")}, long_lines)
    refuse_empty(counts, job.config.k_core)
    return counts


def _examples(target: Path) -> list[str]:
    first = min((target / REJECTS_DIR).glob("*.parquet"))
    return [f"{row['origin']}:{row['row']}: {row['reason']}: {row['text']}" for row in pq.read_table(first).to_pylist()]
