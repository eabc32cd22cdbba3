"""What a config may say of the log."""

from pathlib import Path
from typing import Any

import pytest

from recsys.config import apply_override, parse_config
from recsys.core.errors import ConfigError


@pytest.mark.parametrize("field", ["delimiter", "timestamp_unit", "columns", "items"])
def test_a_data_set_by_name_takes_no_columns_of_its_own(field: str) -> None:
    value = {"delimiter": ";", "timestamp_unit": "ms", "columns": {"user": "u"}, "items": {"path": "i.csv"}}[field]
    with pytest.raises(ConfigError, match=f"leave out {field}"):
        parse_config({"data": {"name": "movielens-100k", field: value}})


def test_a_whole_config_can_be_read_again() -> None:
    config = parse_config({"data": {"name": "movielens-100k"}})
    assert parse_config(config.to_json()) == config


@pytest.mark.parametrize(
    "key",
    ["data.path", "data.items.path", "training.warm_start", "export.since", "export.policy", "export.student.teacher"],
)
def test_paths_are_of_this_machine(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    def read(path: str) -> str:
        values: dict[str, Any] = {"data": {"path": "log.csv"}}
        apply_override(values, f"{key}={path}")
        found: Any = parse_config(values).to_json()
        for part in key.split("."):
            found = found[part]
        return str(found)

    assert read("~/x") == str(tmp_path / "x")
    with pytest.raises(ConfigError, match=f"{key}: 's3://b/x' is a URL"):
        read("s3://b/x")
