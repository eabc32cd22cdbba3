"""``--set``: what is not YAML is told how to be."""

import shlex
from typing import Any

import pytest

from recsys.config import apply_override
from recsys.core.errors import ConfigError


@pytest.mark.parametrize("value", [",", "\t", "*.csv", "[a", "it's: so: here", '"', "@x", "größe: a: b"])
def test_a_value_that_is_not_yaml_is_told_how_to_quote_it(value: str) -> None:
    with pytest.raises(ConfigError, match="is not YAML; quote it") as refused:
        apply_override({}, f"data.delimiter={value}")
    command = str(refused.value).partition("for the shell: ")[2]
    option, override = shlex.split(command)  # as a shell does
    values: dict[str, Any] = {}
    apply_override(values, override)
    assert (option, values) == ("--set", {"data": {"delimiter": value}})


def test_a_comma_is_quoted_like_this() -> None:
    with pytest.raises(ConfigError) as refused:
        apply_override({}, "data.delimiter=,")
    assert str(refused.value).endswith("""--set 'data.delimiter=","'""")
