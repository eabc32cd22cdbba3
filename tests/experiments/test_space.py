"""What a sweep may search, and how it is written."""

import pytest

from recsys.config import parse_config
from recsys.core.errors import ConfigError
from recsys.experiments.space import Choice, Range, check_space, grid, parse_dimension, with_values

CONFIG = parse_config({"data": {"path": "log.csv"}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model.width=32,64", Choice("model.width", ("32", "64"))),
        ("model.memory=null", Choice("model.memory", ("null",))),
        ("training.epochs=10..50", Range("training.epochs", 10, 50, whole=True, log=False)),
        ("model.dropout=0.0..0.5", Range("model.dropout", 0, 0.5, whole=False, log=False)),
        ("model.dropout=.1..1", Range("model.dropout", 0.1, 1, whole=False, log=False)),
        ("training.learning_rate=1e-4..1e-2:log", Range("training.learning_rate", 1e-4, 1e-2, whole=False, log=True)),
        ("model.width=8..64:log", Range("model.width", 8, 64, whole=True, log=True)),
    ],
)
def test_forms(text, expected):
    assert parse_dimension(text) == expected


@pytest.mark.parametrize("text", ["model.width", "=1", "model.width=", "a=2..1", "a=0..1:log", "a=x..y"])
def test_other_forms_are_refused(text):
    with pytest.raises(ConfigError, match="--param"):
        parse_dimension(text)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ([], "nothing to search"),
        (["model.widht=1,2"], "did you mean 'width'"),
        (["model.width=-1,2"], "greater than or equal to 1"),
        (["model.width=8,16", "model.width=32"], "stands twice"),
        (["training.seed=1,2"], "--seeds repeats"),
        (["prepare.k_core=1,5"], "not measured alike"),
    ],
)
def test_spaces_that_cannot_be_searched(params, reason):
    with pytest.raises(ConfigError, match=reason):
        check_space([parse_dimension(text) for text in params], CONFIG)


def test_told_to_it_searches_what_changes_the_data():
    check_space([parse_dimension("prepare.k_core=1,5")], CONFIG, mixed=True)


def test_a_grid_is_every_combination():
    space = [parse_dimension("model.width=8,16"), parse_dimension("model.blocks=1,2")]
    assert [tuple(point.values()) for point in grid(space)] == [("8", "1"), ("8", "2"), ("16", "1"), ("16", "2")]
    with pytest.raises(ConfigError, match="one by one"):
        list(grid([parse_dimension("model.width=8..16")]))


def test_values_are_read_as_yaml():
    config = with_values(CONFIG, {"model.memory": "null", "training.learning_rate": "0.01", "model.join": "residual"})
    assert (config.model.memory, config.training.learning_rate, config.model.join) == (None, 0.01, "residual")
