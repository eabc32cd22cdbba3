"""Names of variants: those that are read, and what is said of others."""

import pytest

from recsys.config import parse_config
from recsys.core.errors import ConfigError


def variants(value: object) -> tuple[str, ...]:
    return parse_config({"data": {"path": "log.csv"}, "export": {"variants": value}}).export.variants


def test_suffixes_stand_in_one_order() -> None:
    assert variants(["int8-p50-m8", "student-pq"]) == ("int8-p50-m8", "student-pq")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (["int8-m8-p50"], "'int8-m8-p50' is no variant; .* in this order, for example int8-p50-m8"),
        (["int9"], "'int9' is no variant; expected float32, float16, int8, int4 or pq"),
        (["int8-p0"], "'int8-p0' is no variant"),
        ("int8", r"expected a list, found 'int8'; write \[int8\]"),
    ],
)
def test_another_name_is_refused_with_advice(value: object, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        variants(value)
