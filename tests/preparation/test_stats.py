"""Statistics that add up over shards, and the page that shows them."""

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from recsys.preparation.diagnostics.report import draw_plots, write_report
from recsys.preparation.diagnostics.stats import DAY, bucket_stats, count_trained, gini, merge_stats
from recsys.preparation.exchange.bucket import Bucket, write_shard


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
    whole = merge_stats([stats_of(users)], counts, 2)
    assert merge_stats([stats_of(users[:1]), stats_of(users[1:])], counts, 2) == whole
    assert whole["history_lengths"] == {"3": 2, "4": 1}
    assert whole["events_by_day"] == {"1970-01-01": 6, "1970-01-02": 2, "1970-01-04": 2}
    assert whole["sessions"] == 2 + 3 + 1
    assert (whole["first_event"], whole["last_event"]) == (0, 3 * DAY + 100)
    assert (whole["test_users"], whole["validation_users"]) == (3, 3)


def test_lengths_are_those_of_all_users_in_a_row():
    lengths = np.random.default_rng(0).geometric(0.2, 437) + 2
    users = [list(range(length)) for length in lengths]
    told = merge_stats([stats_of(users[:100]), stats_of(users[100:])], np.array([6, 3, 1]), 2)["history_length"]
    assert told["mean"] == round(lengths.mean(), 4)
    assert told["max"] == lengths.max()
    for percent in (5, 25, 50, 75, 95, 99):
        assert told[f"p{percent}"] == np.sort(lengths)[436 * percent // 100]


def test_density_ties_repeats_and_cold_ones(tmp_path):
    times = [[0, 0, 5, 5, 5, 9], [0, 1], [7]]  # two and three events tied of nine
    offsets, flat = np.array([0, 6, 8, 9]), np.concatenate(times).astype(np.int64)
    items = np.array([1, 2, 1, 3, 2, 1, 1, 1, 4], np.int32)  # pairs: 3, 1 and 1 of 3 users x 4 items
    whole = Bucket(pa.array(["a", "b", "c"]), offsets, items, flat)
    train_end, validation_end = np.array([3, 2, 0]), np.array([5, 2, 0])
    write_shard(whole, train_end, validation_end, tmp_path / "0.parquet")
    trained = count_trained([tmp_path / "0.parquet"], 4)
    assert trained == 2  # items 1 and 2
    stats = merge_stats([bucket_stats(whole, train_end, validation_end, gap=10)], np.array([5, 2, 1, 1]), trained)
    assert (stats["density"], stats["tied"], stats["repeated"]) == (round(5 / 12, 8), round(5 / 9, 6), round(4 / 9, 6))
    assert stats["cold"] == {"items": 2, "users": 1}
    write_report({"rejected": {}}, stats, np.array([5, 2, 1, 1]), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    for label, value in (
        ("occur", "41.667%"),
        ("of their user", "55.556%"),
        ("met before", "44.444%"),
        ("trains", "2"),
    ):
        assert f'{label}</td><td class="number">{value}' in page


def test_gini():
    assert gini(np.array([5, 5, 5])) == 0
    # One of four items has everything: 2·(4·8)/(4·8) − 5/4 = 3/4.
    assert gini(np.array([0, 0, 0, 8])) == 0.75


def test_the_report_tells_every_count_and_draws_every_plot(tmp_path):
    counts = {"read": 12345, "stored": 5, "rejected": {"bad <item>": 2}, "core_rounds": [7, 1]}
    stats = merge_stats([stats_of([[0, 1, 2], [3, 4, 5, 2 * DAY + 1000]])], np.array([4, 3]), 2)
    write_report(counts, stats, np.array([4, 3]), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    for text in (
        "12,345",
        "rejected: bad &lt;item&gt;",
        '<td>taken over</td><td class="number">5</td>',
        '<td>core rounds</td><td class="number">2 rounds: 7, 1</td>',
        '<td>first event</td><td class="number">1970-01-01T00:00:00 UTC</td>',
        '<td>last event</td><td class="number">1970-01-03T00:00:01 UTC</td>',
        '<td>sessions</td><td class="number">3</td>',
        '<td>users who test</td><td class="number">2</td>',
        "History lengths",
        "Popularity",
        "Activity",
        "Refused",
    ):
        assert text in page
    assert page.count("<svg") == page.count("<figcaption>") == 4
    assert "currentColor" in page, "figures have the page's colours, light or dark"


@pytest.mark.parametrize(
    ("rounds", "told"), [([], "nothing dropped"), ([62], "1 round: 62"), ([1092, 2], "2 rounds: 1,092, 2")]
)
def test_the_rounds_of_the_core_are_told_apart(tmp_path, rounds: list[int], told: str):
    stats = merge_stats([stats_of([[0, 1, 2], [3, 4, 5, 6]])], np.array([4, 3]), 2)
    write_report({"rejected": {}, "core_rounds": rounds}, stats, np.array([4, 3]), tmp_path / "report.html")
    assert f'<td>core rounds</td><td class="number">{told}</td>' in (tmp_path / "report.html").read_text()


def plots_of(lengths: dict[str, int], days: dict[str, int], item_counts: list[int]) -> dict[str, Figure]:
    """The figures, drawn, so that their labels and limits are what a reader sees."""
    counts = {"rejected": {"a reason so long that no fixed margin would hold it": 1, "bad timestamp": 2}}
    plots = draw_plots(counts, {"history_lengths": lengths, "events_by_day": days}, np.array(item_counts))
    for figure in plots.values():
        FigureCanvasAgg(figure).draw()
    return plots


def test_no_label_is_cut_off():
    plots = plots_of({"3": 2}, {"2024-02-28": 5, "2024-03-01": 7}, [9, 4])
    for figure in plots.values():
        drawn = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
        assert min(drawn.x0, drawn.y0) >= 0
        assert (np.array([drawn.x1, drawn.y1]) <= figure.get_size_inches()).all()


def test_a_bar_stands_on_its_own_day():
    (axes,) = plots_of({"3": 2}, {"2024-02-28": 5, "2024-03-01": 7}, [9, 4])["Activity"].axes
    days = [date2num(np.datetime64(f"2024-{day}")) for day in ("02-28", "02-29", "03-01", "03-02")]
    assert [bar.get_x() for bar in axes.patches] == days[:3]
    assert [bar.get_height() for bar in axes.patches] == [5, 0, 7]
    assert axes.get_xlim() == (days[0], days[3])
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    assert ticks == ["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02"]


def test_long_spans_are_means_of_the_days_they_cover():
    start = np.datetime64("2024-01-01")
    days = {str(start + day): 4 for day in range(401)}  # bars of 3 days: 133 whole ones, and one of 2
    (axes,) = plots_of({"3": 2}, days, [9, 4])["Activity"].axes
    assert [bar.get_height() for bar in axes.patches] == [4] * 134


@pytest.mark.parametrize("days", [{"2024-01-01": 4, "9999-12-31": 1}, {"0001-01-01": 1, "2024-01-01": 4}])
def test_the_calendars_ends_are_drawn(days: dict[str, int]):
    (axes,) = plots_of({"3": 2}, days, [9, 4])["Activity"].axes
    assert axes.get_xticklabels()[0].get_text() == min(days)


@pytest.mark.parametrize(
    ("item_counts", "labels"),
    [([80, 60, 35], ["40", "50", "60", "70", "80"]), ([60, 20, 3], ["5", "10", "20", "50"]), ([5], ["5"])],
)
def test_narrow_popularity_is_told_in_plain_numbers(item_counts: list[int], labels: list[str]):
    (axes,) = plots_of({"3": 2}, {"2024-02-28": 5}, item_counts)["Popularity"].axes
    low, high = axes.get_ylim()
    assert (low, high) == pytest.approx((min(item_counts) / 1.1, max(item_counts) * 1.1))
    ticks = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
    assert [label.get_text() for place, label in ticks if low <= place <= high] == labels
    assert not any(label.get_text() for label in axes.get_yticklabels(minor=True))
