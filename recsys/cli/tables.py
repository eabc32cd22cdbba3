"""Tables that several commands show."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from recsys.cli.results.runs import EvaluateResult

WIDTH = 78
CELL = 7  # a column of numbers has at least
BOUNDS = 15  # and one of numbers with their bounds
SHOWN = ("hr@10", "ndcg@10", "mrr")


def quality_table(result: "EvaluateResult") -> "Table":
    """The model beside its baselines, best last.

    A baseline, which no seed changes, has one value; the model its mean over seeds and half of the 95 % interval.
    """
    from recsys.plain_table import PlainTable

    several = len(result.seeds) > 1
    title = f"Ranking the whole catalog: {result.split} items, protocol {result.protocol}"
    whose = f"{result.targets:,} targets of {result.users:,} users"
    whose += ", the time of each known" * result.request_time
    caption = f"{whose}; mean of {len(result.seeds)} seeds ± half of their 95 % interval" if several else whose
    table = PlainTable(title=title, caption=caption, min_width=WIDTH)
    table.add_column("recommender", ratio=1)
    rows = sorted(result.baselines.items(), key=lambda row: row[1]["ndcg@10"] or 0.0)
    rows.append(("self-attention", result.model))
    shown = [metric for metric in SHOWN if all(metric in values for _, values in rows)]
    for metric in shown:
        table.add_column(metric.upper(), justify="right", no_wrap=True)
    for name, values in rows:
        spread = {metric: values[f"{metric}_std"] if values is result.model else None for metric in shown}
        cells = [_over_seeds(values[metric], std, len(result.seeds)) for metric, std in spread.items()]
        table.add_row(name, *cells, style="bold" if values is result.model else None)
    return table


def _over_seeds(mean: float | None, std: float | None, seeds: int) -> str:
    from recsys.evaluation.significance import seed_reach

    return f"{mean:.4f}" if std is None else f"{mean:.4f} ± {seed_reach(std, seeds):.4f}"


def bundle_table(variants: dict[str, dict[str, Any]]) -> "Table":
    """Size, latency and quality of each variant."""
    from recsys.plain_table import PlainTable

    title = "Bundles: model, vocabulary and manifest, and how long one ranking takes one thread of this machine"
    table = PlainTable(title=title, min_width=WIDTH, caption="NDCG@10; validation decides, test is only reported")
    table.add_column("variant", ratio=1)
    for name in ("size", "median", "validation", "test"):
        table.add_column(name, justify="right")
    for name, facts in variants.items():
        quality = (f"{facts[split]['ndcg@10']:.4f}" for split in ("validation", "test"))
        table.add_row(name, f"{facts['bytes'] / 1024:.0f} KiB", f"{facts['median_ms']:.2f} ms", *quality)
    return table


def segment_table(result: "EvaluateResult") -> "Table":
    """NDCG@10 by kind of target, of the model and each baseline, with 95 % bounds over users."""
    from recsys.plain_table import PlainTable

    seeds = f"mean of {len(result.seeds)} seeds, " if len(result.seeds) > 1 else ""
    caption = f"{seeds}± half of the 95 % interval over users, by bootstrap"
    table = PlainTable(title=f"NDCG@10 by kind of {result.split} item", caption=caption, min_width=WIDTH)
    rows = [found for segments in (result.segments or {}).values() for found in segments.values()]
    beside = dict.fromkeys(name for found in rows for name in found["baselines"])  # one of them may stand in few rows
    names = [*dict.fromkeys([*result.baselines, *beside]), "self-attention"]
    for column in ("targets by", "", "targets", "users", *names):
        numbers = column in ("targets", "users", *names)
        width = BOUNDS if column in names else CELL if numbers else 9
        table.add_column(column, justify="right" if numbers else "left", no_wrap=True, min_width=width)
    for kind, segments in (result.segments or {}).items():
        for number, (segment, found) in enumerate(segments.items()):
            by_name = {**found["baselines"], "self-attention": found["model"]}
            cells = [_with_bounds(by_name[name]["ndcg@10"]) if name in by_name else "" for name in names]
            counts = [f"{found[what]:,}" for what in ("targets", "users")]
            table.add_row("" if number else kind, segment, *counts, *cells)
    return table


def _with_bounds(value: dict[str, float]) -> str:
    return f"{value['mean']:.4f} ± {(value['high'] - value['low']) / 2:.4f}"
