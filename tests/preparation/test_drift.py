"""A night held against the dataset it extends, where growth alone is no drift."""

from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.core.errors import DataError
from recsys.preparation.diagnostics.drift import find_drift, refuse_drift
from recsys.preparation.diagnostics.item_drift import find_item_drift

DAY = 86_400_000
START = 1_700_000_000_000


def dataset(
    item_counts: list[int],
    *,
    read: int,
    extends: str | None,
    first: int = START,
    days: int = 10,
    dropped: dict[str, int] | None = None,
    events: int | None = None,
    fit_on: str = "all",
) -> Dataset:
    """What drift looks at; ``read`` rows are new, all others were taken over."""
    total = sum(item_counts) if events is None else events
    stored = 0 if extends is None else total + sum((dropped or {}).values()) - read
    counts = {"read": read, "stored": stored, "rejected": {}, "dropped": dropped or {}, "events": total}
    fake = SimpleNamespace(
        path="old",
        digest="old",
        manifest=SimpleNamespace(inputs=SimpleNamespace(extends=extends, prepare={"fit_on": fit_on})),
        counts={**counts, "users": 10 + (extends is not None), "items": len(item_counts)},
        stats={"first_event": first, "last_event": START + days * DAY},
        items=pd.DataFrame({"count": item_counts}),
    )
    return cast(Dataset, fake)


def drift_of(*arguments: Any, bound: float = 0.5, **settings: Any) -> list[str]:
    old = dataset([50, 30, 20], read=100, extends=None)
    return find_drift(dataset(*arguments, extends="old", days=11, **settings), old, bound)


def test_a_night_on_known_items_is_none() -> None:
    assert drift_of([55, 33, 22], read=10) == []


def test_a_night_that_starts_in_1970_is() -> None:
    (found,) = drift_of([55, 33, 22], read=10, first=1_700_000_000)
    # 1 700 000 000 ms are 19 days, 16 hours, 13 minutes and 20 seconds.
    assert "first event was 2023-11-14T22:13:20.000, now it is 1970-01-20T16:13:20.000" in found
    assert "data.timestamp_unit" in found


@pytest.mark.parametrize(("days_before", "drifted"), [(5, False), (6, True)])  # half of ten days is five
def test_late_events_may_reach_back_by_a_share_of_the_span(days_before: int, drifted: bool) -> None:
    assert bool(drift_of([55, 33, 22], read=10, first=START - days_before * DAY)) == drifted


@pytest.mark.parametrize(
    ("item_counts", "left_out", "known"),
    [
        ([50, 30, 20, 6, 4], 0, "0%"),  # all ten on new items
        ([50, 30, 20], 10, "0%"),  # all ten on items too rare to be kept
        ([52, 31, 21, 4], 2, "40%"),  # 4 on known, 4 on new ones, 2 dropped
        ([53, 31, 21, 4], 1, None),  # 5 of 10: half of what it was
    ],
)
def test_a_night_on_unknown_items_is(item_counts: list[int], left_out: int, known: str | None) -> None:
    found = drift_of(item_counts, read=10, dropped={"core": left_out})
    assert len(found) == (known is not None)
    if known is not None:
        assert f"100% of the events before were on items of the dataset, {known} of the night's are" in found[0]


def test_told_again_is_known() -> None:
    # 8 of 10 rows are of the night before and dropped as duplicates; the other two are on a new item.
    assert drift_of([50, 30, 20, 2], read=10, dropped={"duplicate": 8}) == []


def test_other_types_are_no_part_of_the_night() -> None:
    (found,) = drift_of([50, 30, 20, 2], read=10, dropped={"event_type": 8})
    assert "0% of the night's" in found


def test_where_much_was_left_out_before_much_may_be_again() -> None:
    old = dataset([20, 20], read=100, extends=None, dropped={"core": 60})  # 40 % on known items
    for on_known, drifted in ((2, False), (1, True)):  # of ten; half of 40 % are 20 %
        new = dataset([20 + on_known, 20], read=10, extends="old", days=11, dropped={"core": 70 - on_known})
        assert bool(find_drift(new, old, 0.5)) == drifted


def test_events_in_buckets_are_on_unknown_items() -> None:
    assert "0% of the night's" in drift_of([50, 30, 20], read=10, events=110)[0]


def test_counts_of_training_events_alone_do_not_make_a_night_unknown() -> None:
    old = dataset([40, 25, 15], read=100, extends=None, events=100, fit_on="train")
    new = dataset([40, 25, 15], read=10, extends="old", days=11, events=110, fit_on="train")
    assert find_drift(new, old, 0.5) == []


def test_the_refusal_names_the_bound() -> None:
    old = dataset([50, 30, 20], read=100, extends=None)
    night = dataset([50, 30, 20, 10], read=10, extends="old", days=11)
    with pytest.raises(DataError, match=r"(?s)more than --max-drift 0.5:.*known items"):
        refuse_drift(night, old, 0.5)
    refuse_drift(night, old, 1.0)


def test_an_item_table_that_says_something_else_is_told() -> None:
    old = pd.DataFrame({"item_id": [1, 2], "count": [3, 3], "price": [1.0, 2.0], "brand": ["a", None], "year": [1, 2]})
    same = pd.DataFrame({"item_id": [1, 2], "count": [9, 0], "price": [5, 6], "brand": ["b", None], "year": [3, 4]})
    assert find_item_drift(same, old, 0.5) == []
    new = pd.DataFrame({"item_id": [1, 2], "count": [3, 3], "price": ["1.0", "2"], "brand": [None, None]})
    assert find_item_drift(new, old, 0.5) == [
        "item table: 50% of the items had no 'brand', now 100% have none",
        "item table: column 'price' held numbers, now it holds text",
        "item table: column 'year' is gone",
    ]
    assert find_item_drift(new.assign(price=1.0, year=1), old, 1.0) == [], "twice as many is within the bound"
