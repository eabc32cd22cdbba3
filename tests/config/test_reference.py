"""The reference names every key with the default that the models have."""

from collections.abc import Iterator
from typing import get_args

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from recsys.config import Config, parse_config
from recsys.config.reference import reference


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """The dotted name of every field that holds no section, whatever its default."""
    for name, info in model.model_fields.items():
        sections = [
            kind
            for kind in (info.annotation, *get_args(info.annotation))
            if isinstance(kind, type) and issubclass(kind, BaseModel)
        ]
        if not sections:
            yield prefix + name, info
        for section in sections:
            yield from leaves(section, f"{prefix}{name}.")


def test_every_key_says_what_it_means() -> None:
    found = dict(leaves(Config))
    assert {"data.event_types.at_least", "prepare.bots.seconds", "model.memory.window", "tracking.uri"} <= set(found)
    assert [name for name, info in found.items() if not info.description] == []


def test_every_key_stands_with_its_default() -> None:
    values = yaml.safe_load(reference())
    values["data"]["path"] = "events.csv"
    expected = parse_config({"data": {"path": "events.csv"}})
    assert Config.model_validate(values) == expected


def test_meanings_choices_and_limits_are_told() -> None:
    lines = reference().splitlines()
    assert any("k_core: 5 # events" in line and line.endswith("; at least 1") for line in lines)
    assert any('timestamp_unit: "s" # how' in line and line.endswith("; s | ms | us | ns | iso8601") for line in lines)
    assert any(
        "signatures: []" in line and line.endswith("; encode | score_all | top_k | explain | incremental")
        for line in lines
    )
    assert any("batch_size: 64 # histories, or windows of them, a step; at least 1" in line for line in lines)
