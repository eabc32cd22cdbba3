"""Small logs, and preparing them in this process."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from pipelines.prepare import Request, prepare
from pipelines.runners import Runner
from recsys.config import parse_config
from recsys.data.dataset import Dataset

Row = tuple[Any, ...]
HEADER = "user_id,item_id,timestamp,event_id"


def write_log(path: Path, rows: Iterable[Row], header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def histories(dataset: Dataset) -> dict[str, list[str | None]]:
    """External item ids of every user, oldest first."""
    sequences, vocabulary = dataset.sequences, dataset.vocabulary
    return {
        user: [vocabulary.decode(int(item)) for item in sequences.items[start:end]]
        for user, start, end in zip(sequences.users, sequences.offsets[:-1], sequences.offsets[1:], strict=True)
    }


@pytest.fixture(autouse=True)
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes half of a small preparation; tests/data/test_stats.py holds the report to its word."""
    monkeypatch.setattr("pipelines.prepare.write_report", lambda *arguments: arguments[-1].write_text("report"))


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Dataset]:
    """Prepare a log: ``make(path, k_core=1, columns={...})``; ``data`` and ``request`` go where they belong."""

    def run(
        path: Path,
        *,
        work: Path | None = None,
        data: dict[str, Any] | None = None,
        request: Request | None = None,
        runner: Runner | None = None,
        **settings: Any,
    ) -> Dataset:
        columns = {"event_id": "event_id"}
        section = {"path": str(path), "columns": columns, **(data or {})}
        config = parse_config({"data": section, "prepare": {"k_core": 1, **settings}})
        outcome = prepare(config, work or tmp_path / "work", runner=runner, request=request)
        return outcome.artefact

    return run
