"""A log read as prepare reads it, without a pipeline."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from recsys.config.data import DataConfig
from recsys.core.schema import EVENT_ID, TIMESTAMP
from recsys.log.block_plan import plan_blocks
from recsys.log.columns import check_columns, source_columns
from recsys.log.files import find_log
from recsys.log.formats import read_block
from recsys.log.validation import validate


class ReadLog(NamedTuple):
    """Events as ``(user, item, milliseconds)``, and refused rows as ``(row, reason)``."""

    events: list[tuple[str, str, int]]
    rejects: list[tuple[int, str]]


@pytest.fixture
def read_log(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ReadLog]:
    """``read_log(path, timestamp_unit="ms", …)``: keys of ``data`` beside the path."""

    def read(path: Path, **settings: Any) -> ReadLog:
        data = DataConfig(path=path, **settings)
        log = find_log(path)
        blocks = plan_blocks(log.files, data.delimiter, tmp_path_factory.mktemp("unpacked"), log.root)
        check_columns(blocks, data)
        found = ReadLog([], [])
        whole = frozenset({EVENT_ID} if data.timestamp_unit == "iso8601" else {EVENT_ID, TIMESTAMP})
        for block in blocks:
            raw = read_block(block, source_columns(data), whole)
            events, rejects = validate(raw, data.timestamp_unit, block.origin, data.null_values)
            columns = [events.column(name).to_pylist() for name in ("user_id", "item_id", TIMESTAMP)]
            found.events.extend(zip(*columns, strict=True))
            found.rejects.extend((one.row, one.reason) for one in rejects)
        return found

    return read
