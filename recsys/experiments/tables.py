"""Comparisons and ablations as tables for the terminal."""

from typing import TYPE_CHECKING

from recsys.evaluation.significance import PairedTest
from recsys.experiments.ablation import Ablation
from recsys.experiments.comparison import Comparison
from recsys.experiments.description import (
    ONE_SEED,
    PLUS_MINUS,
    SIGNIFICANT,
    estimate_text,
    p_text,
    reported_text,
    settings,
    shown_metrics,
)
from recsys.experiments.group import Estimate, Group, metric_key

if TYPE_CHECKING:
    from rich.table import Table

TEXT_WIDTH = 12  # to which names fold before a table grows wider than the terminal
EDGES = 3  # columns of a terminal that a border and its padding take, a cell


def quality_table(comparison: Comparison) -> "Table":
    """Groups, best on validation first, then the baselines: what differs between groups, and the split's metrics."""
    rows, columns = comparison.rows, {}
    if comparison.split != "validation":
        chosen_by = [group.estimate(metric_key("validation", comparison.metric)) for group in rows]
        columns[f"valid.\n{comparison.metric.upper()}"] = [f"{one.mean:.4f}" if one else "" for one in chosen_by]
    for name in shown_metrics(comparison):
        columns[f"{comparison.split}\n{name.upper()}"] = [reported_text(comparison, group, name) for group in rows]
    several = any(len(group.runs) > 1 for group in comparison.groups)
    caption = f"by {comparison.metric.upper()} on validation" + (f"; {PLUS_MINUS}" if several else "")
    return _table(_title(comparison), {"runs": [_about(comparison, group) for group in rows]}, columns, caption)


def difference_table(comparison: Comparison) -> "Table":
    """Every group against the baseline, user by user."""
    assert comparison.baseline is not None
    tested = [group for group in comparison.groups if group.key in comparison.against]
    tests = [comparison.against[group.key] for group in tested]
    users = f", paired over {_counted(tests[0])}" if tests else ""
    columns = {
        f"Δ {comparison.metric.upper()}": [f"{test.difference:+.4f}" for test in tests],
        "95 % interval": [f"{test.interval.low:+.4f} … {test.interval.high:+.4f}" for test in tests],
        "p (Holm)": [_p_text(comparison.corrected[group.key]) for group in tested],
    }
    title = f"Against {comparison.baseline.label} on {comparison.split}{users}"
    caption = f"the interval is over users; * p below {SIGNIFICANT}"
    if comparison.has_single_seeds:
        caption += f"; {ONE_SEED}"
    return _table(title, {"runs": [group.label for group in tested]}, columns, caption)


def ablation_table(ablation: Ablation) -> "Table":
    """The recipe, its arms and the baselines: chosen on validation, reported on test, tested against the recipe."""
    comparison = ablation.comparison
    name = comparison.metric
    baselines = {group.label: group for group in comparison.rows if group.baseline is not None}
    rows = {**ablation.arms, **baselines}

    def estimates(key: str) -> list[Estimate | None]:
        return [group.estimate(key) for group in rows.values()]

    columns = {f"validation\n{name.upper()}": list(map(estimate_text, estimates(metric_key("validation", name))))}
    for shown in dict.fromkeys(["hr@10", name]):
        columns[f"test\n{shown.upper()}"] = list(map(estimate_text, estimates(metric_key("test", shown))))
    tests = {group.key: comparison.against.get(group.key) for group in rows.values()}
    columns[f"Δ test\n{name.upper()}"] = ["" if test is None else f"{test.difference:+.4f}" for test in tests.values()]
    columns["p\n(Holm)"] = ["" if test is None else _p_text(comparison.corrected[key]) for key, test in tests.items()]
    names = [f"{row}{' ★' if row == ablation.chosen else ''}" for row in rows]
    counts = sorted({len(group.runs) for group in ablation.arms.values()})
    caption = (
        f"★ best on validation; {PLUS_MINUS} ({', '.join(map(str, counts))}); Δ to the recipe, paired over users; "
        f"* p below {SIGNIFICANT}" + (f"; {ONE_SEED}" if comparison.has_single_seeds else "")
    )
    title = f"What each setting brings, protocol {comparison.groups[0].runs[0].protocol}"
    return _table(title, {"one setting off": names}, columns, caption, text_width=max(map(len, names)))


def bundle_table(comparison: Comparison) -> "Table":
    """Every bundle by size; a star marks those that none beats in quality, size and latency at once."""
    bundles = comparison.bundles
    columns = {
        "KiB": [f"{one.bytes / 1024:,.0f}" for one in bundles],
        "median ms": [f"{one.milliseconds:.2f}" for one in bundles],
        **{
            f"{split}\n{comparison.metric.upper()}": [_figure(one.quality.get(split)) for one in bundles]
            for split in ("validation", "test")
            if any(split in one.quality for one in bundles)
        },
        "": ["★" if one in comparison.front else "" for one in bundles],
    }
    texts = {
        "runs": [f"{one.group.label}, seed {one.run.seed}" for one in bundles],
        "variant": [one.name for one in bundles],
    }
    caption = (
        "★ no other is better on validation, smaller and faster at once; a bundle is of one seed, the best on "
        "validation of those exported"
    )
    return _table("Bundles", texts, columns, caption)


def least_width(table: "Table") -> int:
    """Terminal columns below which a table of this module would lose digits."""
    return sum((column.min_width or 0) + EDGES for column in table.columns) + 1


def _table(
    title: str,
    texts: dict[str, list[str]],
    numbers: dict[str, list[str]],
    caption: str | None = None,
    *,
    text_width: int = TEXT_WIDTH,
) -> "Table":
    """Columns by name; texts fold where the terminal is narrow, to ``text_width`` at least, numbers never do."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), caption=Text(caption) if caption else None)
    for name in texts:
        table.add_column(name, overflow="fold", min_width=text_width)
    for name, cells in numbers.items():
        widest = max(map(len, [*name.split("\n"), *cells]))
        table.add_column(name, justify="right", no_wrap=True, min_width=widest)
    for row in zip(*texts.values(), *numbers.values(), strict=True):
        table.add_row(*map(Text, row))
    return table


def _about(comparison: Comparison, group: Group) -> str:
    """Its label and, a line each, how many seeds it has and the settings that are not every group's."""
    seeds = [] if group.baseline else [f"{len(group.runs)} seed{'s' * (len(group.runs) > 1)}"]
    return "\n".join([group.label, *seeds, *settings(comparison, group)])


def _title(comparison: Comparison) -> str:
    count = len(comparison.groups)
    configs = "1 config" if count == 1 else f"{count} configs"
    protocols = sorted({group.runs[0].protocol for group in comparison.groups})
    return f"{configs}, {comparison.split} split, protocol {', '.join(protocols)}"


def _counted(test: PairedTest) -> str:
    users = f"{test.users} users"
    return users if test.targets == test.users else f"{test.targets} targets of {users}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _p_text(p_value: float) -> str:
    return f"{p_text(p_value)}{' *' if p_value < SIGNIFICANT else '  '}"
