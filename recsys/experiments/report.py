"""A comparison as one JSON object and as tables for the terminal."""

from typing import TYPE_CHECKING, Any

from recsys.experiments.ablation import Ablation
from recsys.experiments.comparison import BundleMetrics, Comparison, Estimate, Group

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = ("hr@10", "ndcg@10", "mrr")
SIGNIFICANT = 0.05
TEXT_WIDTH = 12  # to which names fold before a table grows wider than the terminal
EDGES = 3  # columns of a terminal that a border and its padding take, a cell


def shown_metrics(comparison: Comparison) -> list[str]:
    """The usual metrics that any group has, and the one that groups are ordered by."""
    wanted = [*SHOWN, *([] if comparison.metric in SHOWN else [comparison.metric])]
    return [
        name for name in wanted if any(comparison.key(name) in r.metrics for g in comparison.groups for r in g.runs)
    ]


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Everything that the tables say, for programs."""
    return {
        "metric": comparison.metric,
        "split": comparison.split,
        "dataset_digests": sorted({run.dataset_digest for g in comparison.groups for run in g.runs}),
        "protocols": sorted({run.protocol for g in comparison.groups for run in g.runs}),
        "baseline": comparison.baseline.label if comparison.baseline else None,
        "groups": [_group_json(comparison, group) for group in comparison.groups],
        "bundles": [_variant_json(comparison, variant) for variant in comparison.variants],
    }


def quality_table(comparison: Comparison) -> "Table":
    """Groups by quality, best first: what differs between them, means with 95 % intervals over seeds."""
    columns = {"seeds": [str(len(group.runs)) for group in comparison.groups]}
    intervals = False
    for name in shown_metrics(comparison):
        estimates = [group.estimate(comparison.key(name)) for group in comparison.groups]
        columns[name.upper()] = [estimate_text(estimate) for estimate in estimates]
        intervals |= any(estimate is not None and estimate.interval is not None for estimate in estimates)
    about = [_described(comparison, group) for group in comparison.groups]
    return _table(
        _title(comparison), {"runs": about}, columns, "± is a 95 % interval over seeds" if intervals else None
    )


def difference_table(comparison: Comparison) -> "Table":
    """Every group against the baseline, user by user."""
    assert comparison.baseline is not None
    tested = [group for group in comparison.groups if group.key in comparison.against]
    tests = [comparison.against[group.key] for group in tested]
    users = f", paired over {tests[0].users} targets" if tests else ""
    columns = {
        f"Δ {comparison.metric.upper()}": [f"{test.difference:+.4f}" for test in tests],
        "95 % interval": [f"{test.interval.low:+.4f} … {test.interval.high:+.4f}" for test in tests],
        "p (Holm)": [_p_text(comparison.corrected[group.key]) for group in tested],
    }
    title = f"Against the baseline {comparison.baseline.label}{users}"
    caption = f"the interval is over users; * p below {SIGNIFICANT}"
    return _table(title, {"runs": [group.label for group in tested]}, columns, caption)


def ablation_table(ablation: Ablation) -> "Table":
    """The recipe and its arms: chosen on validation, reported on test, each arm tested against the recipe."""
    comparison, groups = ablation.comparison, list(ablation.arms.values())
    name = comparison.metric
    columns = {
        "seeds": [str(len(group.runs)) for group in groups],
        f"validation {name.upper()}": [estimate_text(group.estimate(f"best/{name}")) for group in groups],
        **{
            f"test {shown.upper()}": [estimate_text(group.estimate(f"test/{shown}")) for group in groups]
            for shown in dict.fromkeys(["hr@10", name])
        },
    }
    tests = [comparison.against.get(group.key) for group in groups]
    columns[f"Δ test {name.upper()}"] = ["" if test is None else f"{test.difference:+.4f}" for test in tests]
    columns["p (Holm)"] = [
        _p_text(comparison.corrected[g.key]) if g.key in comparison.corrected else "" for g in groups
    ]
    names = [f"{arm}{' ★' if arm == ablation.chosen else ''}" for arm in ablation.arms]
    caption = (
        f"★ best on validation; ± half of the 95 % interval over seeds; Δ to the recipe, paired over users; "
        f"* p below {SIGNIFICANT}"
    )
    return _table(_title(comparison), {"one setting off": names}, columns, caption, text_width=max(map(len, names)))


def ablation_json(ablation: Ablation) -> dict[str, Any]:
    """Everything that the table says, for programs."""
    comparison = ablation.comparison
    first = comparison.groups[0].runs[0]
    found = [
        {
            "name": name,
            **_group_json(comparison, group),
            "validation": _estimate_json(group, f"best/{comparison.metric}"),
        }
        for name, group in ablation.arms.items()
    ]
    return {
        "metric": comparison.metric,
        "protocol": first.protocol,
        "dataset_digest": first.dataset_digest,
        "chosen": ablation.chosen,
        "arms": found,
    }


def bundle_table(comparison: Comparison) -> "Table":
    """Every bundle by size; a star marks those that none beats in quality, size and latency at once."""
    variants = comparison.variants
    columns = {
        "KiB": [f"{one.bytes / 1024:,.0f}" for one in variants],
        "median ms": [f"{one.milliseconds:.2f}" for one in variants],
        comparison.metric.upper(): [f"{one.quality:.4f}" for one in variants],
        "": ["★" if one in comparison.pareto else "" for one in variants],
    }
    texts = {"runs": [one.group.label for one in variants], "variant": [one.name for one in variants]}
    return _table(
        "Bundles",
        texts,
        columns,
        "★ no other is better, smaller and faster at once; quality on test users, by the device's model",
    )


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
        table.add_column(name, justify="right", no_wrap=True, min_width=max(map(len, [name, *cells])))
    for row in zip(*texts.values(), *numbers.values(), strict=True):
        table.add_row(*map(Text, row))
    return table


def _described(comparison: Comparison, group: Group) -> str:
    """Its label and, a line each, the settings that are not every group's."""
    settings = [
        f"{name.removeprefix('model.').removeprefix('training.')} {parameter(group, name)}"
        for name in comparison.differing
    ]
    return "\n".join([group.label, *settings])


def parameter(group: Group, name: str) -> str:
    """A parameter's value, a dash where the group has none."""
    return group.runs[0].parameters.get(name, "–")


def estimate_text(estimate: Estimate | None) -> str:
    """``0.1234 ± 0.0010``, where the reach is half the interval over seeds."""
    if estimate is None:
        return "–"
    reach = f" ± {estimate.interval.high - estimate.mean:.4f}" if estimate.interval else ""
    return f"{estimate.mean:.4f}{reach}"


def _title(comparison: Comparison) -> str:
    count = len(comparison.groups)
    configs = "1 config" if count == 1 else f"{count} configs"
    protocols = sorted({group.runs[0].protocol for group in comparison.groups})
    return f"{configs}, {comparison.split} split, protocol {', '.join(protocols)}"


def _p_text(p_value: float) -> str:
    return f"{p_value:.4f}{' *' if p_value < SIGNIFICANT else '  '}"


def _group_json(comparison: Comparison, group: Group) -> dict[str, Any]:
    found: dict[str, Any] = {
        "label": group.label,
        "config_digest": group.runs[0].config_digest,
        "runs": [{"run_id": run.run_id, "digest": run.digest, "name": run.name} for run in group.runs],
        "seeds": group.seeds,
        "parameters": {name: group.runs[0].parameters.get(name) for name in comparison.differing},
        "metrics": {},
    }
    for name in shown_metrics(comparison):
        estimate = _estimate_json(group, comparison.key(name))
        if estimate:
            found["metrics"][name] = estimate
    test = comparison.against.get(group.key)
    if test:
        found["against_baseline"] = {
            "difference": test.difference,
            "interval": [test.interval.low, test.interval.high],
            "p_value": test.p_value,
            "p_value_holm": comparison.corrected[group.key],
            "users": test.users,
        }
    return found


def _estimate_json(group: Group, metric: str) -> dict[str, Any] | None:
    estimate = group.estimate(metric)
    if estimate is None:
        return None
    interval = [estimate.interval.low, estimate.interval.high] if estimate.interval else None
    return {"mean": estimate.mean, "std": estimate.std, "interval": interval}


def _variant_json(comparison: Comparison, variant: BundleMetrics) -> dict[str, Any]:
    return {
        "label": variant.group.label,
        "variant": variant.name,
        "bytes": variant.bytes,
        "median_ms": variant.milliseconds,
        comparison.metric: variant.quality,
        "pareto": variant in comparison.pareto,
    }
