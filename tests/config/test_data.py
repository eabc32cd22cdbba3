"""What a config may say of the log."""

import pytest

from recsys.config import parse_config
from recsys.errors import ConfigError


@pytest.mark.parametrize("field", ["delimiter", "timestamp_unit", "columns", "items"])
def test_a_data_set_by_name_takes_no_columns_of_its_own(field: str) -> None:
    value = {"delimiter": ";", "timestamp_unit": "ms", "columns": {"user": "u"}, "items": {"path": "i.csv"}}[field]
    with pytest.raises(ConfigError, match=f"leave out {field}"):
        parse_config({"data": {"name": "movielens-100k", field: value}})


def test_a_whole_config_can_be_read_again() -> None:
    config = parse_config({"data": {"name": "movielens-100k"}})
    assert parse_config(config.to_json()) == config
