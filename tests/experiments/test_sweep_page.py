"""A sweep's page: the setting that matters comes first, every trial stands in it, the test nowhere."""

import re

import pytest

from recsys.experiments.importance import importances
from recsys.experiments.pages.sweep_charts import importance_chart, slice_chart
from recsys.experiments.pages.sweep_page import render
from recsys.experiments.space import parse_dimension, random_points
from recsys.experiments.trial import Trial

SPACE = [
    parse_dimension(text)
    for text in ("model.blocks=1..4", "training.learning_rate=1e-4..1e-2:log", "model.join=residual,ligr")
]


def trials(count: int = 16) -> list[Trial]:
    """Scores that the join alone decides; the last two trials have none."""
    found = []
    for number, point in enumerate(random_points(SPACE, count, seed=1)):
        values = {key: repr(value) if isinstance(value, float) else str(value) for key, value in point.items()}
        score = 0.2 if point["model.join"] == "ligr" else 0.1
        found.append(Trial(number, "complete", values, score + number / 1e6, "", ()))
    found[-2:] = [Trial(one.number, "fail", one.values, None, "the loss became <nan>", ()) for one in found[-2:]]
    return sorted(found, key=lambda trial: -(trial.score or 0))


def test_the_setting_that_decides_has_all_importance() -> None:
    shares = importances(trials(), SPACE)
    assert next(iter(shares)) == "model.join"
    assert shares["model.join"] > 0.95
    assert sum(shares.values()) == pytest.approx(1)


def test_nothing_is_said_where_nothing_can_be_known() -> None:
    few = trials()[:3]
    assert importances(few, SPACE) == {}
    alike = [Trial(one.number, "complete", one.values, 0.5, "", ()) for one in trials()]
    assert importances(alike, SPACE) == {}
    assert "depend on" not in render(few, SPACE, 1)


def test_every_trial_stands_in_the_page_and_the_test_nowhere() -> None:
    page = render(trials(), SPACE, 3)
    table = page[page.index("<table") : page.index("</table>")]
    assert table.count("<tr>") == 1 + 16
    assert re.findall(r'<th class="number">([^<]*)', table)[:3] == ["validation", "trial", "model.join"]
    assert "fail: the loss became &lt;nan&gt;" in table
    assert "mean over 3 seeds" in page
    assert "test NDCG" not in page
    figures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(figures) == 1 + len(SPACE)
    assert all("currentColor" in figure for figure in figures)


def test_a_sweep_without_a_score_has_a_page_all_the_same() -> None:
    failed = [Trial(0, "fail", trials()[0].values, None, "diverged", ())]
    assert "A sweep of 1 trial<" in render(failed, SPACE, 1)


def test_slices_show_each_trial_at_its_value() -> None:
    scored = [trial for trial in trials() if trial.score is not None]
    _, rate, join = (slice_chart.__wrapped__(trials(), dimension).axes[0] for dimension in SPACE)
    others, best = rate.lines
    assert sorted([*others.get_xdata(), *best.get_xdata()]) == sorted(
        float(trial.values["training.learning_rate"]) for trial in scored
    )
    assert best.get_ydata()[0] == max(trial.score or 0 for trial in scored)
    assert rate.get_xscale() == "log"
    assert [label.get_text() for label in join.get_xticklabels()] == ["residual", "ligr"]
    assert join.lines[1].get_xdata()[0] == 1


def test_importance_is_largest_on_top() -> None:
    (axes,) = importance_chart.__wrapped__({"a": 0.7, "b": 0.3}).axes
    assert [bar.get_width() for bar in axes.patches] == [0.7, 0.3]
    assert axes.yaxis_inverted()
