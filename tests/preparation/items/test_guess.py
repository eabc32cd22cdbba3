"""What ``recsys init`` proposes of an item table, and what it leaves out and why."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.core.errors import DataError
from recsys.preparation.items.guess import GuessedItems, LoggedItems, guess_items
from recsys.preparation.items.kinds import Left, Proposed, guess_kind

ITEMS = 40
NAMES = [f"{n:03}" for n in range(ITEMS)]
RANDOM = np.random.default_rng(2)
COUNTS = RANDOM.permutation(ITEMS) + 1
NEWEST = RANDOM.permutation(ITEMS).astype(np.int64)
OLDEST = 1_700_000_000_123 + 7_654_321 * RANDOM.permutation(ITEMS).astype(np.int64)
LOGGED = LoggedItems(pa.array(NAMES), COUNTS, NEWEST, OLDEST)


def found(tmp_path: Path, **columns: Any) -> GuessedItems:
    pq.write_table(pa.table({"sku": NAMES, **columns}), tmp_path / "items.parquet")
    return guess_items(tmp_path / "items.parquet", LOGGED)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([f"brand {n % 5}" for n in range(ITEMS)], "category"),
        ([n % 2 == 0 for n in range(ITEMS)], "category"),
        ([["a", "b"][: n % 3] for n in range(ITEMS)], "category"),
        ([n % 4 for n in range(ITEMS)], "category"),
        ([1950 + n * 7 % 31 for n in range(ITEMS)], "number"),
        ([n * 0.37 % 5 for n in range(ITEMS)], "number"),
        ([f"A fine thing of number {n}" for n in range(ITEMS)], "text"),
        ([[0.1 * n, 1.0, 2.0] for n in range(ITEMS)], "vector"),
        ([[n, 1, 2] for n in range(ITEMS)], "vector"),
    ],
)
def test_a_kind_is_proposed_by_type_and_values(values: list[Any], kind: str) -> None:
    proposed = guess_kind(pa.array(values))
    assert isinstance(proposed, Proposed)
    assert (proposed.kind, proposed.separator) == (kind, "|")


@pytest.mark.parametrize("separator", ["|", ";", ","])
def test_several_categories_in_a_cell_are_seen(separator: str) -> None:
    values = [separator.join(["War", "Drama", "Love story"][n % 3 :]) for n in range(ITEMS)]
    assert guess_kind(pa.array(values)) == Proposed("category", "3 different values, several an item", separator)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (["shop"] * ITEMS, "all items have 'shop'"),
        ([None] * ITEMS, "it holds nothing"),
        ([f"img{n}.png" for n in range(ITEMS)], "40 of 40 values are different, so none says anything of other items"),
        (list(range(ITEMS)), "it counts the rows"),
        ([f"2024-01-{1 + n % 28:02}" for n in range(ITEMS)], "it is a moment"),
        ([date.fromordinal(700_000 + n) for n in range(ITEMS)], "it is a moment"),
        ([{"a": n} for n in range(ITEMS)], "it holds struct"),
        ([[1.0] * (1 + n % 2) for n in range(ITEMS)], "its vectors are not of one length"),
    ],
)
def test_what_says_nothing_is_left_out(values: list[Any], why: str) -> None:
    left = guess_kind(pa.array(values))
    assert isinstance(left, Left)
    assert left.reason.startswith(why)


NUMBERS, BYTES = (
    pa.array(range(ITEMS)),
    pa.array([n.to_bytes(16, "big") for n in range(128, 128 + ITEMS)], pa.binary(16)),
)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (BYTES, None),
        (BYTES.cast(pa.binary()).cast(pa.large_binary()), None),
        (BYTES.cast(pa.uuid()), None),
        (pa.ListArray.from_arrays(np.arange(ITEMS + 1, dtype=np.int32), BYTES.cast(pa.uuid())), "category"),
        (NUMBERS.cast(pa.duration("s")), None),
        (NUMBERS.cast(pa.int32()).cast(pa.time32("s")), None),
        (pa.array([2**64 - 1 - n * 7 % 31 * 4096 for n in range(ITEMS)], pa.uint64()), "number"),
        (pa.array([n * 7 % 31 / 4 for n in range(ITEMS)]).cast(pa.float16()), "number"),
        (pa.array([{"a": "x"}] * ITEMS, pa.struct([("a", pa.string_view())])), None),
        (pa.array([["a", "b"][: n % 3] for n in range(ITEMS)], pa.list_view(pa.string_view())), "category"),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_a_column_of_any_type_is_proposed_or_left_out(tmp_path: Path, column: pa.Array, kind: str | None) -> None:
    guessed = found(tmp_path, it=column)
    assert [one.kind for one in guessed.features.values()] == ([] if kind is None else [kind])
    assert kind is not None or any(fact.startswith("it is left out: ") for fact in guessed.facts)


def test_a_column_made_of_events_is_told(tmp_path: Path) -> None:
    honest = RANDOM.permutation(ITEMS) * 1.5
    guessed = found(tmp_path, reviews=COUNTS * 3 + 1, last_sold=LOGGED.newest * 1000, price=honest)
    assert list(guessed.features) == ["price"]
    told = " ".join(guessed.facts)
    assert "reviews is left out: it follows how often items occur in the log (rank correlation 1.00)" in told
    assert "last_sold is left out: it follows when items last occur in the log (rank correlation 1.00)" in told


def test_when_items_first_occur_is_told_and_when_they_came_out_is_a_feature(tmp_path: Path) -> None:
    """Who is listed before the first event is known by that day; who is first bought then, by events alone."""
    firsts = {"first_sale": OLDEST // 1000, "first_ms": OLDEST, "first_us": OLDEST * 1000}
    guessed = found(tmp_path, **firsts, listed=OLDEST // 1000 - 86_400)
    assert list(guessed.features) == ["listed"]
    told = " ".join(guessed.facts)
    assert all(f"{name} is left out: it is when items first occur in the log" in told for name in firsts)


def test_ids_and_titles_are_found_and_items_that_lack_are_told(tmp_path: Path) -> None:
    rows = [f"{n:03},Thing {n % 9} of many,{n}" for n in range(1, ITEMS)] + ["001,Twice,7"]
    (tmp_path / "items.csv").write_text("\n".join(["code,Product name,shelf", *rows]) + "\n")
    guessed = guess_items(tmp_path / "items.csv", LOGGED)
    assert (guessed.item, guessed.title) == ("code", "Product name"), "007 is not 7"
    assert guessed.reason == "holds 98% of the log's items"  # 39 of 40
    assert guessed.facts[0] == "40 rows; 1 of 40 items of the log's first rows are not in it, such as '000'."
    assert guessed.facts[1].startswith("1 rows repeat the id of another")


def test_ids_in_other_letters_are_told(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("name,code\nOne,sku-1\nTwo,sku-2\n")
    one = np.ones(1, np.int64)
    with pytest.raises(
        DataError, match=r"In column 'code' stands 'sku-2', and in the log 'SKU-2', which is another id"
    ):
        guess_items(tmp_path / "items.csv", LoggedItems(pa.array(["SKU-2"]), one, one, one))


def test_a_table_of_other_items_is_refused(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("code,name\nx,One\n")
    with pytest.raises(DataError, match=r"items\.csv: no column holds an item of the log's first rows, such as '000'"):
        guess_items(tmp_path / "items.csv", LOGGED)
