"""An item's text is its own affair: what another item has changes nothing."""

import pandas as pd
import pytest

from recsys.artifacts.item_texts import as_text, item_texts, values_of


class Shop:
    """As much of a dataset as is read."""

    def __init__(self, items: pd.DataFrame, features: dict[str, dict[str, str]]) -> None:
        self.items = items
        data = {"items": {"features": features}}
        self.manifest = type("Manifest", (), {"inputs": type("Inputs", (), {"data": data})})


def texts(column: pd.Series, **feature: str) -> list[str]:
    return item_texts(Shop(pd.DataFrame({"it": column}), {"it": feature} if feature else {}), "it")


def test_one_more_item_changes_no_other() -> None:
    for known, more in (
        ([5.0, 4.0], 4.5),
        ([pd.Timestamp("1995-06-01"), pd.NaT], pd.Timestamp("1995-06-01 08:30:00")),
        ([1e20, 2.0], 0.5),
        ([True, False], None),
    ):
        alone = texts(pd.Series(known))
        assert texts(pd.Series([*known, more], dtype=None if more is not None else object))[:2] == alone
    assert texts(pd.Series([5.0, None, 4.5, 1e20])) == ["5", "", "4.5", "100000000000000000000"]
    assert texts(pd.Series([True, False])) == ["true", "false"]


def test_lists_are_values_and_so_is_what_the_config_separates() -> None:
    assert texts(pd.Series([["Drama", "War"], [], None])) == ["Drama|War", "", ""]
    assert texts(pd.Series(["Drama; War", None]), kind="category", separator=";") == ["Drama|War", ""]
    assert texts(pd.Series(["Drama | War"]), kind="category", separator="|") == ["Drama|War"]
    assert texts(pd.Series(["Face|Off", "One; two"]), kind="text", separator="|") == ["Face|Off", "One; two"]
    assert texts(pd.Series(["One; two"])) == ["One; two"]
    assert texts(pd.Series(["Café".encode(), b"\xff"])) == ["Café", "\ufffd"]


@pytest.mark.parametrize("value", ["2.0", " x ", "NaN"])
def test_text_stays_as_it_is(value: str) -> None:
    assert as_text(value) == value


def test_no_value_is_empty() -> None:
    assert values_of(" | a ||b c| ") == ["a", "b c"]
