"""Names of variants: every part must change something."""

import pytest

from recsys.config.model import ModelConfig
from recsys.core.errors import ConfigError
from recsys.export.variants import Variant

SHAPE = ModelConfig(width=16, feed_forward=4, join="ligr", memory={"neighbours": 8})


@pytest.mark.parametrize("name", ["float32", "int8-m7", "int4-m0", "int8-p98", "pq-p50-m2"])
def test_what_changes_something_passes(name: str) -> None:
    Variant.parse(name, None).check(SHAPE)


def test_as_much_memory_as_there_is_is_refused() -> None:
    with pytest.raises(ConfigError, match="has 8 transitions an item"):
        Variant.parse("int8-m8", None).check(SHAPE)


def test_a_share_that_leaves_all_rows_is_refused() -> None:
    """.99 of 16 rows is 15.8, which is rounded to 16."""
    with pytest.raises(ConfigError, match="leaves all heads and hidden units"):
        Variant.parse("int8-p99", None).check(SHAPE.model_copy(update={"feed_forward": 1}))


@pytest.mark.parametrize(("memory", "kept"), [(None, None), ({"neighbours": 8, "average": 2}, None), ({}, 2.5)])
def test_a_memory_is_held_against_what_is_left_of_it(memory: dict | None, kept: float | None) -> None:
    shape = ModelConfig(memory=memory)
    there = 0 if memory is None else 2
    for depth in (there + 1, there + 9):
        with pytest.raises(ConfigError, match="transitions an item"):
            Variant.parse(f"int8-m{depth}", None).check(shape, kept)
    if there:
        Variant.parse("int8-m1", None).check(shape, kept)


@pytest.mark.parametrize("name", ["int8-m08", "int8-m\u0663", "int8-r16", "int8-p00", "int8\n"])
def test_a_number_is_written_in_one_way(name: str) -> None:
    with pytest.raises(ConfigError, match="is no variant"):
        Variant.parse(name, None)


def test_a_default_depth_may_be_more_than_there_is() -> None:
    Variant.parse("int8", 64).check(SHAPE)
