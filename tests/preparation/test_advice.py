"""What is proposed where a log as a whole was read wrongly."""

import pytest

from recsys.core.errors import DataError
from recsys.log.values.timestamps import Unit
from recsys.preparation.diagnostics.advice import FILTERS, rejects_advice, unit_warning
from recsys.preparation.diagnostics.counts import refuse_empty, refuse_rejects
from recsys.preparation.vocabulary_fit import DROP_REASONS


def stats(first: int, last: int) -> dict[str, int]:
    return {"first_event": first, "last_event": last}


def test_seconds_read_as_milliseconds_are_told() -> None:
    # 1 700 000 000 s are 2023-11-14; as ms they are the twentieth day of 1970.
    warning = unit_warning(stats(1_700_000_000, 1_700_864_000), "ms")
    assert warning is not None
    assert "from 1970-01-20 to 1970-01-20" in warning
    assert "from 2023-11-14 to 2023-11-24: is data.timestamp_unit s?" in warning


def test_positions_are_told_without_a_unit() -> None:
    warning = unit_warning(stats(0, 23_000), "s")
    assert warning is not None
    assert "right if the times are positions" in warning


def test_days_as_excel_counts_them_are_called_so() -> None:
    # 45 356 days after 1899-12-30 are 2024-03-05.
    warning = unit_warning(stats(45_356_000, 45_399_250), "s")
    assert warning is not None
    assert "are they days as Excel counts them? Write dates then, such as 2024-03-05T10:00:00" in warning
    assert "Excel" not in str(unit_warning(stats(1_000, 45_399_250), "s"))  # positions begin low


def test_a_log_of_today_is_not_warned_of() -> None:
    assert unit_warning(stats(1_700_000_000_000, 1_700_864_000_000), "ms") is None
    assert unit_warning(stats(0, 1_700_864_000_000), "ms") is None  # one stray event


@pytest.mark.parametrize(
    ("row", "unit", "advice"),
    [
        ("u1,i1,1700000000123", "s", "found s: values such as 1700000000123 would fit ms."),
        ("u1,i1,2024-03-01T10:00:00Z", "s", "such as 2024-03-01 would fit iso8601."),
        ("u1,i1,1700000000.5", "iso8601", "such as 1700000000 would fit s."),
        ('{"user": 1, "time": 1700000000123}', "iso8601", "such as 1700000000123 would fit ms."),
        ("u1,2024-03-01-hat,1700000000", "iso8601", "such as 1700000000 would fit s."),
        (
            "u1,i1,05.03.2024 10:00",
            "iso8601",
            "'u1,i1,05.03.2024 10:00' looks like a date written day.month.year: write",
        ),
        (
            "u1,i1,3/5/2024",
            "s",
            "looks like a date written day/month/year or month/day/year, which nobody can tell apart",
        ),
        ("u1,i1,2024-03-05T10:00+01:00[Europe/Rome]", "iso8601", "looks like a moment with the name of its zone"),
        ("u1,i1,05 Mar 2024", "iso8601", "looks like a date with the name of its month: write 2024-03-05"),
        ("u1,i1,1700000000123456", "ms", "1700000000123456 would fit us"),
        ("u1,i1,yesterday", "s", "Does data.columns.timestamp name the right column?"),
        ("", "s", "Does data.columns.timestamp name the right column?"),  # texts are left out where users are forgotten
    ],
)
def test_bad_times_name_the_unit_that_would_fit(row: str, unit: Unit, advice: str) -> None:
    examples = [f"logs/2024-01-01.csv:2: bad timestamp: {row}", "logs/2024-01-01.csv:3: missing user_id: ,i1,5"]
    found = rejects_advice({"bad timestamp": 95, "missing user_id": 5}, examples, unit)
    assert found is not None
    assert advice in found


def test_missing_columns_name_their_keys() -> None:
    found = rejects_advice({"missing user_id": 60, "missing timestamp": 39, "bad item_id": 1}, [], "s")
    assert found == (
        "Nearly all of them lack user_id or timestamp: does data.columns.user and data.columns.timestamp name the "
        "log's own column?"
    )


def test_many_reasons_have_no_one_remedy() -> None:
    assert rejects_advice({"bad timestamp": 50, "missing user_id": 50}, [], "s") is None


def test_the_refusal_says_it() -> None:
    reads = [{"rejected": {"bad timestamp": 3}, "events": 1, "stored": False}]
    with pytest.raises(DataError, match=r"3 rows \(75\.00%\) were refused .*would fit ms\. The first:\n  a\.csv:2"):
        refuse_rejects(reads, 0.01, ["a.csv:2: bad timestamp: u,i,1700000000123"], "s")
    mixed = [{"rejected": {"bad timestamp": 3, "malformed row": 3}, "events": 1, "stored": False}]
    with pytest.raises(DataError, match=r"Mend the log, or raise the bound\. The first:"):
        refuse_rejects(mixed, 0.01, [], "s")


@pytest.mark.parametrize(
    ("dropped", "rejected", "advice"),
    [
        ({"core": 90, "event_type": 10}, 5, "90 were dropped as core: prepare.k_core = 7 keeps"),
        ({"core": 10, "event_type": 90}, 5, "90 were dropped as event_type: data.event_types keeps"),
        ({"core": 10, "bot": 90}, 5, "90 were dropped as bot: prepare.bots"),
        ({"cold_user": 90}, 5, "move prepare.validation_from"),
        ({"core": 4}, 5, "5 rows were refused, which prepare.max_rejected_share let pass"),
        ({"unheard_of": 9}, 5, "9 were dropped as unheard_of: look at"),
    ],
)
def test_an_empty_dataset_blames_what_dropped_most(dropped: dict[str, int], rejected: int, advice: str) -> None:
    counts = {"read": 100, "rejected": {"malformed row": rejected}, "dropped": dropped, "events": 0, "test": 0}
    with pytest.raises(DataError, match=r"no events are left \(read 100, rejected .*\)\. ") as refused:
        refuse_empty(counts, k_core=7)
    assert advice in str(refused.value)


def test_every_filter_is_known_by_name() -> None:
    assert set(DROP_REASONS[1:]) <= set(FILTERS)


def test_a_test_of_strangers_alone_says_so() -> None:
    counts = {"read": 9, "rejected": {}, "dropped": {"cold_user": 4}, "events": 5, "test": 0}
    with pytest.raises(DataError, match=r"of users who have earlier ones; here 4 events are of users without any$"):
        refuse_empty(counts, k_core=1)
    with pytest.raises(DataError, match=r"of users who have earlier ones$"):
        refuse_empty({**counts, "dropped": {}}, k_core=1)
