"""A log so small that the whole way takes seconds, and the command line called in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.cli import main
from recsys.log.synthetic.log import SyntheticLog

TINY = """
data:
  path: {path}
  columns: {{event_id: event_id}}
prepare: {{k_core: 1}}
model: {{max_length: 10, width: 8, blocks: 1}}
training: {{epochs: 2, batch_size: 32}}
evaluation: {{ks: [10], filter_seen: false}}
export: {{max_quality_loss: 0.99, evaluated_users: 50}}
tracking: {{enabled: false}}
"""

Recsys = Callable[..., int]


def write_recipe(directory: Path, log: Path) -> Path:
    """A recipe for ``log`` that trains in seconds."""
    recipe = directory / "tiny.yaml"
    recipe.write_text(TINY.format(path=log))
    return recipe


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("log") / "chain"
    SyntheticLog(users=60, items=20, mean_length=10, length_sigma=0.3, branching=4).write(target)
    return target / "events.csv"


@pytest.fixture
def recipe(tmp_path: Path, log: Path) -> Path:
    return write_recipe(tmp_path, log)


@pytest.fixture
def recsys(tmp_path: Path) -> Recsys:
    """``recsys(COMMAND, …)`` in this process, with a work directory of its own where the command has one."""

    def call(*arguments: str | Path) -> int:
        return main([*map(str, arguments), "--work-dir", str(tmp_path / "work")])

    return call


def half_written(work_dir: Path) -> list[Path]:
    """What a step left behind that is no finished artifact."""
    return sorted(path for path in work_dir.rglob("*.tmp-*")) if work_dir.exists() else []
