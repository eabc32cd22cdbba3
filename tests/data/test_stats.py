"""Statistics that add up over shards, and the page that shows them."""

import numpy as np
import pyarrow as pa

from recsys.data.bucket import Bucket
from recsys.data.report import write_report
from recsys.data.stats import DAY, bucket_stats, gini, merge_stats


def bucket(times: list[list[int]]) -> Bucket:
    offsets = np.cumsum([0, *map(len, times)])
    flat = np.array([time for user in times for time in user], np.int64)
    return Bucket(pa.array([f"u{n}" for n in range(len(times))]), offsets, np.ones(len(flat), np.int32), flat)


def stats_of(times: list[list[int]]) -> dict:
    lengths = np.array([len(user) for user in times])
    return bucket_stats(bucket(times), lengths - 2, lengths - 1, gap=10)


def test_shards_add_up_to_the_whole():
    users = [[0, 5, 30], [DAY, DAY + 1, 3 * DAY, 3 * DAY + 100], [7, 8, 9]]
    counts = np.array([6, 3, 1])
    whole = merge_stats([stats_of(users)], counts)
    assert merge_stats([stats_of(users[:1]), stats_of(users[1:])], counts) == whole
    assert whole["history_lengths"] == {"3": 2, "4": 1}
    assert whole["events_by_day"] == {"1970-01-01": 6, "1970-01-02": 2, "1970-01-04": 2}
    assert whole["sessions"] == 2 + 3 + 1
    assert (whole["first_event"], whole["last_event"]) == (0, 3 * DAY + 100)
    assert (whole["test_users"], whole["validation_users"]) == (3, 3)


def test_gini():
    assert gini(np.array([5, 5, 5])) == 0
    # One of four items has everything: 2·(4·8)/(4·8) − 5/4 = 3/4.
    assert gini(np.array([0, 0, 0, 8])) == 0.75


def test_the_report_tells_every_count_and_draws_every_plot(tmp_path):
    counts = {"read": 12345, "rejected": {"bad <item>": 2}, "core_rounds": [7, 1]}
    stats = merge_stats([stats_of([[0, 1, 2], [3, 4, 5, 6]])], np.array([4, 3]))
    write_report(counts, stats, np.array([4, 3]), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    for text in (
        "12,345",
        "rejected: bad &lt;item&gt;",
        "7 + 1",
        "History lengths",
        "Popularity",
        "Activity",
        "Refused",
    ):
        assert text in page
    assert page.count("data:image/png;base64,") == 4
