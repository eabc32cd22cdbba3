"""What a preparation is to do: the log's files, their blocks, and the job that every step is told of."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from recsys.artifacts.dataset import Dataset
from recsys.config import Config
from recsys.config.data import Columns, DataConfig, ItemTableConfig
from recsys.core.errors import DataError
from recsys.core.mirror import cache_dir, url_of
from recsys.core.schema import EVENT_ID, TITLE
from recsys.log.block_plan import plan_blocks
from recsys.log.blocks import LogBlock
from recsys.log.columns import check_columns
from recsys.log.files import find_log
from recsys.preparation.items.table import check_items
from recsys.preparation.job import Job
from recsys.preparation.relation_table import check_relations
from recsys.preparation.user_deletion import Forgotten
from recsys.storage.files import fetch_files
from recsys.terminal import say

SPILL_DIR = ".spill"


def resolve(data: DataConfig, work_dir: Path) -> DataConfig:
    """A data set by name becomes the files that it was fetched to: in the work directory, where that is no store."""
    if data.name is None:
        return data
    from recsys.log.sources import RATING, fetch

    log = fetch(data.name, (work_dir if url_of(work_dir) is None else cache_dir()) / "data")
    features = data.items.features if data.items else {}
    items = ItemTableConfig(path=log.items, title=TITLE, features=features)
    columns = Columns(event_id=EVENT_ID, value=RATING)
    return DataConfig(path=log.events, columns=columns, items=items, relations=data.relations)


def find_files(data: DataConfig) -> tuple[list[Path], Path]:
    """The log's files and the folder below which folders may hold columns; tables of a store are fetched, too.

    Raises:
        DataError: there are none.
    """
    assert data.path is not None
    for table in (data.items, data.relations):
        if table is not None and table.path is not None:
            fetch_files(table.path)
    files, passed_over, root = find_log(data.path)
    if passed_over:
        say(f"{data.path}: passed over {len(passed_over):,} hidden or temporary files, such as {passed_over[0].name}")
    return files, root


def plan(
    config: Config, files: list[Path], root: Path, target: Path, extends: Dataset | None, forgotten: Forgotten
) -> tuple[Job, list[LogBlock]]:
    """The job and its blocks; compressed files are unpacked below ``target``, and what looks odd is said.

    Raises:
        DataError: the log cannot be used.
    """
    target = target.absolute()  # workers may stand elsewhere
    spill = target / SPILL_DIR
    blocks = plan_blocks(files, config.data.delimiter, spill / "unpacked", root)
    if not blocks:
        raise DataError(f"{config.data.path}: the log holds no rows; an event log needs at least one event")
    check_columns(blocks, config.data)
    spanning = sorted({block.origin for block in blocks if block.spans_lines})
    if spanning:
        say(f"{spanning[0]}{f' and {len(spanning) - 1:,} more' * (len(spanning) > 1)}: fields span lines; read slower")
    for key, check in (("data.items", check_items), ("data.relations", check_relations)):
        try:
            warning = check(config.data, blocks[0])
        except DataError as error:
            raise DataError(f"{key}: {error}") from None  # the file may be the log itself, given twice
        if warning:
            say(warning)
    prior, known_features = pa.array([], pa.string()), None
    if extends is not None:
        known_features = extends.features_dir and extends.features_dir.absolute()
        stored = plan_blocks(extends.event_files, ",", spill)
        blocks += [replace(block, number=len(blocks) + i, stored=True) for i, block in enumerate(stored)]
        prior = extends.external_ids
    buckets = -(-sum(block.rows for block in blocks) // config.prepare.events_per_shard)
    job = Job(spill, target, config.data, config.prepare, len(blocks), buckets, prior, forgotten, known_features)
    return job, blocks
