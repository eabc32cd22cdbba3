"""Nights that do not belong to the dataset they extend are refused, prepared for real."""

import pytest

from pipelines.prepare import Request
from recsys.core.errors import DataError
from tests.pipelines.conftest import write_log


@pytest.mark.long
@pytest.mark.parametrize("k_core", [1, 5])  # at 5 the night's events are left out by the core: they are unknown, too
def test_a_night_of_other_ids_or_another_unit_is_refused(tmp_path, make, k_core):
    settings = {"keep_events": True, "k_core": k_core}
    start = 1_700_000_000
    events = [(f"u{n % 20}", f"i{n % 10}", start + n, n) for n in range(400)]
    old = make(write_log(tmp_path / "log.csv", events), **settings)
    night = [(n, n % 25, start + 500 + n, n) for n in range(100)]
    with pytest.raises(DataError, match=r"known items: 100% of the events before .*, 0% of the night's"):
        make(write_log(tmp_path / "ids.csv", night), request=Request(extends=old, against=old), **settings)
    same_ids = [(f"u{n % 20}", f"i{n % 10}", start + 500 + n, n) for n in range(100)]
    late = write_log(tmp_path / "unit.csv", same_ids)
    with pytest.raises(
        DataError, match=r"first event was 2023-11-14T22:13:20\.000, now it is 1970-01-20T16:13:20\.500"
    ):
        make(late, data={"timestamp_unit": "ms"}, request=Request(extends=old, against=old), **settings)
    make(late, request=Request(extends=old, against=old), **settings)
