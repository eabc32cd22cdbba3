"""A comparison as one JSON object and as tables for the terminal."""

from typing import TYPE_CHECKING, Any

from recsys.tracking import record
from recsys.tracking.comparison import Comparison, Estimate, Group, Variant

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = ("hr@10", "ndcg@10", "mrr")
SIGNIFICANT = 0.05


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
        "dataset_digests": sorted({run.tags[record.DATASET_TAG] for g in comparison.groups for run in g.runs}),
        "protocols": sorted({run.tags[record.PROTOCOL_TAG] for g in comparison.groups for run in g.runs}),
        "baseline": comparison.baseline.label if comparison.baseline else None,
        "groups": [_group_json(comparison, group) for group in comparison.groups],
        "bundles": [_variant_json(comparison, variant) for variant in comparison.variants],
    }


def quality_table(comparison: Comparison) -> "Table":
    """Groups by quality, best first: what differs between them, means with 95 % intervals over seeds."""
    from rich.table import Table

    table = Table(title=_title(comparison), caption=_caption(comparison))
    table.add_column("runs")
    for name in comparison.differing:
        table.add_column(name.removeprefix("model.").removeprefix("training."))
    table.add_column("seeds", justify="right")
    metrics = shown_metrics(comparison)
    for name in metrics:
        table.add_column(name.upper(), justify="right")
    if comparison.baseline:
        table.add_column(f"Δ {comparison.metric.upper()}", justify="right")
        table.add_column("p (Holm)", justify="right")
    for group in comparison.groups:
        cells = [group.label, *(parameter(group, name) for name in comparison.differing), str(len(group.runs))]
        cells += [estimate_text(group.estimate(comparison.key(name))) for name in metrics]
        table.add_row(*cells, *_test_cells(comparison, group))
    return table


def bundle_table(comparison: Comparison) -> "Table":
    """Every bundle by size; a star marks those that none beats in quality, size and latency at once."""
    from rich.table import Table

    table = Table(title="Bundles", caption="★ no other is better, smaller and faster at once")
    for column, side in (("runs", "left"), ("variant", "left"), ("KiB", "right"), ("median ms", "right")):
        table.add_column(column, justify="right" if side == "right" else "left")
    table.add_column(comparison.metric.upper(), justify="right")
    table.add_column("")
    for one in comparison.variants:
        size, latency, quality = f"{one.bytes / 1024:,.0f}", f"{one.milliseconds:.2f}", f"{one.quality:.4f}"
        table.add_row(one.group.label, one.name, size, latency, quality, "★" if one in comparison.pareto else "")
    return table


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
    run = comparison.groups[0].runs[0]
    return f"{len(comparison.groups)} configs, {comparison.split} split, protocol {run.tags[record.PROTOCOL_TAG]}"


def _caption(comparison: Comparison) -> str:
    caption = "± is a 95 % interval over seeds"
    if comparison.baseline:
        users = next(iter(comparison.against.values())).users if comparison.against else 0
        caption += f"; Δ against {comparison.baseline.label}, paired over {users} targets, [95 % interval over users]"
    return caption


def _test_cells(comparison: Comparison, group: Group) -> list[str]:
    if comparison.baseline is None:
        return []
    test = comparison.against.get(group.key)
    if test is None:
        return ["baseline", ""]
    p_value = comparison.corrected[group.key]
    marked = " *" if p_value < SIGNIFICANT else ""
    interval = f"[{test.interval.low:+.4f}, {test.interval.high:+.4f}]"
    return [f"{test.difference:+.4f} {interval}".replace("[", r"\["), f"{p_value:.4f}{marked}"]


def _group_json(comparison: Comparison, group: Group) -> dict[str, Any]:
    found: dict[str, Any] = {
        "label": group.label,
        "config_digest": group.runs[0].tags[record.CONFIG_TAG],
        "runs": [{"run_id": run.run_id, "digest": run.digest, "name": run.name} for run in group.runs],
        "seeds": group.seeds,
        "parameters": {name: group.runs[0].parameters.get(name) for name in comparison.differing},
        "metrics": {},
    }
    for name in shown_metrics(comparison):
        estimate = group.estimate(comparison.key(name))
        if estimate:
            found["metrics"][name] = {
                "mean": estimate.mean,
                "std": estimate.std,
                "interval": [estimate.interval.low, estimate.interval.high] if estimate.interval else None,
            }
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


def _variant_json(comparison: Comparison, variant: Variant) -> dict[str, Any]:
    return {
        "label": variant.group.label,
        "variant": variant.name,
        "bytes": variant.bytes,
        "median_ms": variant.milliseconds,
        comparison.metric: variant.quality,
        "pareto": variant in comparison.pareto,
    }
