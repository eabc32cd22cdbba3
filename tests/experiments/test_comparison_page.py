"""The comparison's page and its figures: what stands where, in which colours, and what may not be in it."""

import re

import numpy as np
import pytest

from recsys.experiments.comparison import Comparison, compare
from recsys.experiments.measured_run import MeasuredRun
from recsys.experiments.pages.comparison_charts import curve_chart, interval_chart, pareto_chart, titles
from recsys.experiments.pages.comparison_page import render
from recsys.experiments.pages.curves import Curve
from recsys.experiments.pairing import pair_with
from tests.experiments.test_comparison import stored, table

SETTINGS = ("model.blocks", "model.dropout", "model.width", "training.learning_rate", "training.weight_decay")
BUNDLES = {"float32": (4096, 2.0, 0.5), "int8": (1024, 1.0, 0.49), "pq": (2048, 3.0, 0.3)}


def runs(names: str = "ab", seeds: int = 2) -> list[MeasuredRun]:
    """Configs that differ in five settings; what is named later in the alphabet is better."""
    found = []
    for place, config in enumerate(names, 1):
        parameters = {name: f"{place}{number}" for number, name in enumerate(SETTINGS)}
        for seed in range(1, seeds + 1):
            value = place / 10 + seed / 1000
            run = stored(
                config=config, seed=seed, parameters=parameters, test__ndcg_at_10=value, best__ndcg_at_10=value
            )
            run.metrics["baseline/markov/ndcg@10"] = 0.05
            found.append(run)
    for name, facts in BUNDLES.items():
        for key, value in zip(("bytes", "median_ms", "validation/ndcg@10"), facts, strict=True):
            found[-1].metrics[f"bundle/{name}/{key}"] = value
    return found


def paired(comparison: Comparison) -> Comparison:
    ranks = {"a": [9.0, 9.0, 8.0], "b": [1.0, 2.0, 1.0]}
    return pair_with(comparison, "toy-aaaaaa", lambda run, _: table(ranks[run.digest[0]]))


@pytest.fixture
def page() -> str:
    comparison = paired(compare(runs()))
    return render(
        comparison, {group.label: Curve([1, 2], [0.1, 0.2], [0.1, 0.1], [0.2, 0.3], 2) for group in comparison.groups}
    )


def test_a_baseline_without_figures_of_the_split_is_named_all_the_same() -> None:
    comparison = compare(runs(), split="validation")
    ranks = {"a": [9.0, 9.0, 8.0], "b": [1.0, 2.0, 1.0]}
    whose = {None: ranks, "markov": {key: [2.0, 2.0, 2.0] for key in "ab"}}
    paired = pair_with(comparison, "markov", lambda run, recommender: table(whose[recommender][run.digest[0]]))
    text = " ".join(render(paired, {}).split())
    assert "Δ is the mean difference from markov, paired over users" in text


def rows(page: str) -> list[list[str]]:
    """The text of the first table's cells."""
    first = page[page.index("<table") : page.index("</table>")]
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in first.split("<tr")[1:]]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


def test_metrics_come_first_then_the_settings_by_name(page: str) -> None:
    head, best, baseline, markov = rows(page)
    assert head == [
        "",
        "validation NDCG@10",
        "test NDCG@10",
        "Δ NDCG@10 95 % interval",
        "p (Holm)",
        "what differs",
        "seeds",
    ]
    assert best[:3] == ["1", "0.2015 ± 0.0064", "0.2015 ± 0.0064"]  # .201 and .202: 12.706 · .0005
    assert best[5:] == ["blocks 20 dropout 21 width 22 learning_rate 23 weight_decay 24", "1, 2"]
    assert baseline[3] == "baseline"
    assert (markov[2], markov[5]) == ("0.0500", "markov")
    assert not re.search("bbbbbb|aaaaaa", page[: page.index("</table>")]), "digests are no names"


def test_differences_and_their_intervals_are_not_broken(page: str) -> None:
    _, best, *_ = rows(page)
    assert re.fullmatch(r"\+0\.\d{4} \+0\.\d{4} … \+0\.\d{4}", best[3])
    assert re.search(r"\.number \{[^}]*white-space: nowrap", page)
    assert page.count('<td class="number"><span class="delta">') == 1


def test_it_follows_the_readers_light_and_dark(page: str) -> None:
    figures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(figures) == 3
    for figure in figures:
        assert "currentColor" in figure
        assert not re.search(r"(?i)(fill|stroke): ?(#ffffff|#000000|#010203|white|black)", figure)
        assert "<text" in figure
        assert not re.search(r"<text[^>]*fill: ?#", figure), "text has the page's colour"
    assert "color-scheme: light dark" in page


def test_it_needs_nothing_from_anywhere_and_runs_nothing() -> None:
    mean = stored(name="<script>alert(1)</script>$x$", parameters={"model.blocks": "<b>1</b>"}, test__ndcg_at_10=0.1)
    page = render(compare([mean, stored(config="b", test__ndcg_at_10=0.3)]), {})
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;$x$" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=[\"'][^\"'#]|url\((?!#)|@import", page)


def test_a_single_seed_is_no_proof() -> None:
    said = "another seed may differ by more"
    assert said in render(paired(compare(runs(seeds=1))), {})
    assert said not in render(paired(compare(runs(seeds=2))), {})


def test_the_same_comparison_gives_the_same_page(page: str) -> None:
    comparison = paired(compare(runs()))
    curves = {group.label: Curve([1, 2], [0.1, 0.2], [0.1, 0.1], [0.2, 0.3], 2) for group in comparison.groups}
    assert render(comparison, curves) == page


def test_rows_are_told_by_number_and_settings() -> None:
    assert [*titles(compare(runs("a"))).values()] == ["1  toy-aaaaaa", "markov"], "nothing differs"
    first, second, markov = titles(compare(runs())).values()
    assert first.startswith("1  blocks 20, dropout 21")
    assert second.startswith("2  blocks 10, dropout 11")
    assert markov == "markov"


def test_the_front_is_filled_and_seen_from_both_sides() -> None:
    """float32 is best, int8 smallest and fastest, pq beaten by int8 in all three."""
    figure = pareto_chart.__wrapped__(compare(runs()))
    sizes, times = figure.axes
    for axes, place in ((sizes, 0), (times, 1)):
        steps, *dots = axes.lines
        assert [line.get_markerfacecolor() != "none" for line in dots] == [True, False, True]  # int8, pq, float32
        assert steps.get_ydata().tolist()[0] == 0.49, "int8 is the best that is so small, or so fast"
        assert np.ravel([line.get_xdata() for line in dots])[1] == ((2.0, 3.0)[place])


def test_curves_have_a_band_where_there_are_seeds() -> None:
    figure = curve_chart.__wrapped__(
        {"one": Curve([1], [0.1], [0.1], [0.1], 1), "two": Curve([1, 2], [0.2, 0.3], [0.1, 0.2], [0.3, 0.4], 2)}, "mrr"
    )
    (axes,) = figure.axes
    (band,) = axes.collections
    assert band.get_paths()[0].vertices[:, 1].max() == 0.4
    assert [line.get_ydata().tolist() for line in axes.lines] == [[0.1], [0.2, 0.3]]


def test_every_seed_is_a_dot_and_the_bar_its_interval() -> None:
    (axes,) = interval_chart.__wrapped__(compare(runs("a"))).axes
    dots, mean, bar, line = axes.lines
    assert dots.get_xdata() == pytest.approx([0.101, 0.102])
    assert mean.get_xdata()[0] == pytest.approx(0.1015)
    assert bar.get_xdata() == pytest.approx([0.1015 - 0.00635, 0.1015 + 0.00635], abs=1e-4)
    assert (line.get_xdata()[0], line.get_label()) == (0.05, "markov")
