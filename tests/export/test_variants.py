"""Names of variants: every part must change something."""

import pytest

from recsys.config.export import StudentConfig
from recsys.config.model import ModelConfig
from recsys.core.errors import ConfigError
from recsys.export.distillation import shape_of
from recsys.export.variants import Variant

SHAPE = ModelConfig(width=16, feed_forward=4, join="ligr", memory={"neighbours": 8})


@pytest.mark.parametrize("name", ["float32", "int8-m7", "int4-m0", "int8-r14", "int8-p98", "pq-r3-p50-m2"])
def test_what_changes_something_passes(name: str) -> None:
    Variant.parse(name, None).check(SHAPE)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("int8-m8", "has 8 transitions an item"),
        # 16 inputs and 2 * 4 * 16 = 128 outputs: 14 * (16 + 128) = 2016 numbers are less than 16 * 128 = 2048, 15 more
        ("int8-r15", "ranks up to 14 do"),
        # of 64 rows 6 are left, so the widest are the 3 * 16 = 48 outputs: 11 * 64 = 704 are less than 768, 12 * 64 not
        ("int8-r12-p10", "ranks up to 11 do"),
    ],
)
def test_what_changes_nothing_is_refused(name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        Variant.parse(name, None).check(SHAPE)


def test_a_share_that_leaves_all_rows_is_refused() -> None:
    """.99 of 16 rows is 15.8, which is rounded to 16."""
    with pytest.raises(ConfigError, match="leaves all heads and rows"):
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


@pytest.mark.parametrize("name", ["int8-m08", "int8-m\u0663", "int8-r\u0661", "int8-p00", "int8\n"])
def test_a_number_is_written_in_one_way(name: str) -> None:
    with pytest.raises(ConfigError, match="is no variant"):
        Variant.parse(name, None)


def test_a_default_depth_may_be_more_than_there_is() -> None:
    Variant.parse("int8", 64).check(SHAPE)


def test_a_students_rank_is_held_against_its_own_width() -> None:
    """8 wide with a feed-forward of 8: 8 inputs, 3 * 8 outputs; 5 * 32 numbers are less than their 192, 6 * 32 not."""
    student = shape_of(StudentConfig(width=8), SHAPE)
    Variant.parse("student-int8-r5", None).check(student)
    with pytest.raises(ConfigError, match="at width 8 rank 6"):
        Variant.parse("student-int8-r6", None).check(student)
