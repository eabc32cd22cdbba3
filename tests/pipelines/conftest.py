"""Small logs, and preparing them in this process."""

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from pipelines.prepare import Request, prepare
from pipelines.runners import Runner
from recsys.artifacts.dataset import Dataset
from recsys.config import parse_config

Row = tuple[Any, ...]
HEADER = "user_id,item_id,timestamp,event_id"
BOTH = pytest.mark.parametrize("runner", [Runner(), Runner(exchange="engine")], ids=["files", "engine"])
SETTINGS = {
    "k_core": 3,
    "events_per_shard": 50,
    "drop_repeats": True,
    "keep_events": True,
}  # of what runners must match


def write_log(path: Path, rows: Iterable[Row], header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def random_rows(seed: int, users: int = 30, items: int = 25, events: int = 400) -> list[tuple[str, str, int, int]]:
    """Events with many ties in time, exact duplicates among them, in arrival order."""
    rng = random.Random(seed)
    rows = [
        (f"u{rng.randrange(users)}", f"i{int(items * rng.random() ** 2)}", rng.randrange(40)) for _ in range(events)
    ]
    return [(*row, number) for number, row in enumerate(rows)]


def same(one: Dataset, other: Dataset) -> None:
    """Both made of ``parts``: the same bytes (origins of rejects and the report aside) and the same counts."""
    kept = [
        {name: sha for name, sha in dataset.manifest.files.items() if not name.startswith(("rejects", "report"))}
        for dataset in (one, other)
    ]
    assert kept[0] == kept[1]
    assert one.counts == other.counts
    assert one.counts["rejected"] == {"missing item_id": 1}


def histories(dataset: Dataset) -> dict[str, list[str | None]]:
    """External item ids of every user, oldest first."""
    sequences, vocabulary = dataset.sequences, dataset.vocabulary
    return {
        user: [vocabulary.decode(int(item)) for item in sequences.items[start:end]]
        for user, start, end in zip(sequences.users, sequences.offsets[:-1], sequences.offsets[1:], strict=True)
    }


@pytest.fixture(autouse=True)
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes half of a small preparation; tests/preparation/test_stats.py holds the report to its word."""
    monkeypatch.setattr("pipelines.description.write_report", lambda *arguments: arguments[-1].write_text("report"))


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """A folder of three files, one row of which is rejected."""
    folder = tmp_path / "log"
    folder.mkdir()
    rows = random_rows(11)
    rows[7] = ("u", "", 1, 7)
    for part in range(3):
        write_log(folder / f"{part}.csv", rows[part::3])
    return folder


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
        return outcome.artifact

    return run
