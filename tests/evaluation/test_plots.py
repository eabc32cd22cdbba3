"""Plots of a run: what is in them, read back from the figures rather than from pixels."""

import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from recsys.evaluation.glyphs import drawable, families
from recsys.evaluation.plots import by_history_length, curves, item_map


def ranks(lengths, values, split="test", users=None) -> pd.DataFrame:
    users = [f"u{number}" for number in range(len(lengths))] if users is None else users
    return pd.DataFrame({"user_id": users, "history_length": lengths, "rank": values, "split": split})


def test_bars_are_hit_rates_of_groups_by_length():
    """Short histories hit twice in four, long ones always; validation rows take no part."""
    table = pd.concat([ranks([1] * 4 + [9] * 4, [1, 20, 5, 30, 1, 2, 3, 10]), ranks([1] * 50, [99] * 50, "validation")])
    (axes,) = by_history_length(table).axes
    assert [bar.get_height() for bar in axes.patches] == [0.5, 1.0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "9"]


def test_bars_reach_as_far_as_users_differ():
    """Ten users with ten targets each, half of whom hit always: as uncertain as ten coin flips, not a hundred."""
    users = np.repeat(np.arange(10), 10)
    (axes,) = by_history_length(ranks([3] * 100, np.where(users < 5, 1, 99), users=users)).axes
    ((low, high),) = axes.collections[0].get_segments()
    assert high[1] - low[1] > 0.5
    assert axes.get_title() == "100 test targets of 10 users, 95 % intervals over users"


def test_every_target_is_in_one_group():
    lengths = np.random.default_rng(1).integers(1, 200, 1000)
    (axes,) = by_history_length(ranks(lengths, np.ones(1000))).axes
    names = [label.get_text().split("–") for label in axes.get_xticklabels()]
    bounds = [(int(name[0]), int(name[-1])) for name in names]
    assert (bounds[0][0], bounds[-1][1]) == (lengths.min(), lengths.max())
    assert all(high < low for (_, high), (low, _) in itertools.pairwise(bounds))
    assert len(bounds) == 8


def test_histories_all_alike_make_one_bar():
    (axes,) = by_history_length(ranks([12] * 5, [1, 1, 1, 1, 50])).axes
    assert [bar.get_height() for bar in axes.patches] == [0.8]


def test_curves_show_every_epoch_and_only_validated_ones():
    history = [{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0, "validation/ndcg@10": 0.3}]
    left, right = curves(history, chosen=2).axes
    assert left.lines[0].get_xydata().tolist() == [[1, 2], [2, 1]]
    assert right.lines[0].get_xydata().tolist() == [[2, 0.3]]


def test_the_chosen_epoch_is_marked_in_both_curves():
    history = [{"epoch": epoch, "loss": 2.0, "validation/ndcg@10": 0.3} for epoch in (1, 2, 3)]
    for axes in curves(history, chosen=2).axes:
        mark = axes.lines[-1]
        assert mark.get_xdata() == [2, 2]
        assert mark.get_label() == "epoch 2, chosen by NDCG@10"


def test_labels_of_items_that_lie_together_are_kept_apart():
    """Twelve items on one spot."""
    items = pd.DataFrame({"external_id": [f"a long title {n}" for n in range(12)], "count": range(12, 0, -1)})
    figure = item_map(np.ones((12, 4), np.float32), items)
    figure.draw_without_rendering()
    boxes = [mpl.text.Text.get_window_extent(text) for text in figure.axes[0].texts]
    assert len(boxes) == 12
    assert not [pair for pair in itertools.combinations(boxes, 2) if pair[0].overlaps(pair[1])]


def test_hit_rates_are_called_so():
    (axes,) = by_history_length(ranks([1, 2], [1, 20])).axes
    assert axes.get_ylabel() == "HR@10"


def test_the_item_map_keeps_all_variance_of_a_flat_table():
    """Points on a line need one component; the second is nothing."""
    items = pd.DataFrame({"external_id": ["a", "b", "c"], "count": [3, 2, 1], "title": ["A" * 40, None, "C"]})
    axes = item_map(np.array([[0, 0, 0], [1, 1, 0], [2, 2, 0]], np.float32), items).axes[0]
    assert "100%" in axes.get_title()
    places = np.asarray(axes.collections[0].get_offsets())
    assert np.abs(np.diff(places[:, 0])) == pytest.approx(2**0.5, abs=1e-5)
    assert places[:, 1] == pytest.approx(0, abs=1e-5)
    assert [text.get_text() for text in axes.texts] == ["A" * 21 + "…", "b", "C"]


@pytest.mark.parametrize("count", [1, 2])
def test_the_smallest_catalogues_have_a_map(count):
    items = pd.DataFrame({"external_id": ["a", "b"][:count], "count": [3, 2][:count]})
    axes = item_map(np.ones((count, 4), np.float32), items).axes[0]
    assert np.asarray(axes.collections[0].get_offsets()).tolist() == [[0, 0]] * count
    assert [text.get_text() for text in axes.texts] == ["a", "b"][:count]


def test_titles_of_any_script_are_drawn_without_a_warning(tmp_path):
    titles = ["君の名は。", "기생충 😀", "$x_1$ [b]", "two\nlines\tand \x07a bell", "नमस्ते", "\U00013000"]
    items = pd.DataFrame({"external_id": list("abcdef"), "count": range(6, 0, -1), "title": titles})
    with mpl.rc_context({"font.family": families(), "text.parse_math": False}):
        figure = item_map(np.eye(6, dtype=np.float32), items)
        figure.savefig(tmp_path / "items.png")  # a warning would be an error
    drawn = [text.get_text() for text in figure.axes[0].texts]
    assert drawn[2:4] == ["$x_1$ [b]", "two lines and a bell"]
    assert drawn[5] in ("□", titles[5])


def test_what_fonts_have_is_drawn_as_it_is():
    assert drawable("Amélie – Ωß→") == "Amélie – Ωß→"
    assert drawable("a\U0010fffe\ue001b") == "ab"
