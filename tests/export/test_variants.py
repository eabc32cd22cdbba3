"""Names of variants: every part must change something."""

import pytest

from recsys.config.export import StudentConfig
from recsys.config.model import ModelConfig
from recsys.errors import ConfigError
from recsys.export.distill import shape_of
from recsys.export.variants import Variant

SHAPE = ModelConfig(width=16, feed_forward=4, join="ligr", memory={"neighbours": 8})


@pytest.mark.parametrize("name", ["float32", "int8-m8", "int4-m0", "int8-r14", "pq-r3-p50-m2"])
def test_what_changes_something_passes(name: str) -> None:
    Variant.parse(name, None).check(SHAPE)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("int8-m9", "has 8 transitions an item"),
        # 16 inputs and 2 * 4 * 16 = 128 outputs: 14 * (16 + 128) = 2016 numbers are less than 16 * 128 = 2048, 15 more
        ("int8-r15", "ranks up to 14 do"),
    ],
)
def test_what_changes_nothing_is_refused(name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        Variant.parse(name, None).check(SHAPE)


def test_a_default_depth_may_be_more_than_there_is() -> None:
    Variant.parse("int8", 64).check(SHAPE)


def test_a_students_rank_is_held_against_its_own_width() -> None:
    """8 wide with a feed-forward of 8: 8 inputs, 3 * 8 outputs; 5 * 32 numbers are less than their 192, 6 * 32 not."""
    student = shape_of(StudentConfig(width=8), SHAPE)
    Variant.parse("student-int8-r5", None).check(student)
    with pytest.raises(ConfigError, match="at width 8 rank 6"):
        Variant.parse("student-int8-r6", None).check(student)
