"""The reference names every key with the default that the models have."""

import yaml

from recsys.config import Config, parse_config
from recsys.config.reference import reference


def test_every_key_stands_with_its_default() -> None:
    values = yaml.safe_load(reference())
    values["data"]["path"] = "events.csv"
    expected = parse_config({"data": {"path": "events.csv"}})
    assert Config.model_validate(values) == expected


def test_meanings_choices_and_limits_are_told() -> None:
    lines = reference().splitlines()
    assert any("k_core: 5 # " in line and "at least 1" in line for line in lines)
    assert any('timestamp_unit: "s" # s | ms | iso8601' in line for line in lines)
    assert any("batch_size: 128 # users a step; at least 1" in line for line in lines)
