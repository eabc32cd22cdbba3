"""A run of another version is told, key by key."""

from pathlib import Path
from typing import Any

import pytest

from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.config import Config, parse_config
from recsys.config.model import ModelConfig
from recsys.core.errors import ArtifactError
from tests import facts


def run_with(config: dict[str, Any], path: Path) -> Run:
    return Run.create(path, config, {**facts.RUN, "recsys_version": "9.9.9", "code_version": "abcdef0123456789"})


def test_a_run_of_this_version_is_read(tmp_path: Path) -> None:
    config = parse_config({"data": {"path": "log.csv"}, "model": {"width": 8}})
    run = run_with(config.to_json(), tmp_path / "run")
    assert recorded(ModelConfig, run, "model") == config.model
    assert recorded(Config, run) == config


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ({"width": 8, "gates": 3}, r"model.gates: unknown key"),
        ({"width": "wide"}, r"model.width: .*found 'wide'"),
        (None, r"model.\(whole\): "),
    ],
)
def test_keys_of_another_version_are_named_with_the_version(model: Any, why: str, tmp_path: Path) -> None:
    run = run_with({"data": {"path": "log.csv"}, "model": model}, tmp_path / "run")
    with pytest.raises(
        ArtifactError, match=rf"(?s)config.json: this run was made by recsys 9.9.9, commit abcdef.*{why}"
    ):
        recorded(ModelConfig, run, "model")
    with pytest.raises(ArtifactError, match=r"(?s)made by recsys 9.9.9.*Make it again"):
        recorded(Config, run)
