"""Tables that several commands show."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from recsys.cli.results import EvaluateResult

WIDTH = 78
SHOWN = ("hr@10", "ndcg@10", "mrr")


def quality_table(result: "EvaluateResult") -> "Table":
    """The model beside its baselines, best last; over several seeds with their standard deviation.

    ``compare`` shows intervals behind its ``±``, so the caption says which of the two this is.
    """
    from recsys.plain_table import PlainTable

    several = len(result.seeds) > 1
    title = f"Ranking the whole catalog: {result.split} items, protocol {result.protocol}"
    caption = f"mean of {len(result.seeds)} seeds ± standard deviation" if several else None
    table = PlainTable(title=title, caption=caption, min_width=WIDTH)
    table.add_column("recommender", ratio=1)
    rows = sorted(result.baselines.items(), key=lambda row: row[1]["ndcg@10"])
    rows.append(("self-attention", result.model))
    shown = [metric for metric in SHOWN if all(metric in values for _, values in rows)]
    for metric in shown:
        table.add_column(metric.upper(), justify="right", no_wrap=True)
    for name, values in rows:
        cells = [f"{values[m]:.4f}" + (f" ± {values[f'{m}_std']:.4f}" if several else "") for m in shown]
        table.add_row(name, *cells, style="bold" if values is result.model else None)
    return table


def bundle_table(variants: dict[str, dict[str, Any]]) -> "Table":
    """Size, latency and quality of each variant."""
    from recsys.plain_table import PlainTable

    title = "Bundles: what a phone downloads, and how long one ranking takes one thread of this machine"
    table = PlainTable(title=title, min_width=WIDTH)
    table.add_column("variant", ratio=1)
    for name in ("size", "median", "NDCG@10"):
        table.add_column(name, justify="right")
    for name, facts in variants.items():
        table.add_row(
            name, f"{facts['bytes'] / 1024:.0f} KiB", f"{facts['median_ms']:.2f} ms", f"{facts['ndcg@10']:.4f}"
        )
    return table


def segment_table(title: str, ranks: "pd.DataFrame") -> "Table":
    """HR@10 and NDCG@10 by kind of target, with 95 % intervals; ``ranks`` as a run keeps them, of one split."""
    from recsys.evaluation.metrics import hit_rate, ndcg
    from recsys.evaluation.segments import SEGMENTS, label
    from recsys.evaluation.significance import bootstrap_interval
    from recsys.plain_table import PlainTable

    table = PlainTable(title=title, caption="± half of the 95 % interval, by bootstrap over targets", min_width=WIDTH)
    table.add_column("targets by", ratio=1)
    for name in ("", "targets", "HR@10", "NDCG@10"):
        table.add_column(name, justify="right" if name else "left")
    places = ranks["rank"].to_numpy()
    for kind, labels in label(ranks).items():
        for number, value in enumerate(value for value in SEGMENTS[kind] if value in set(labels)):
            own = places[labels == value]
            cells = []
            for gains in (hit_rate(own, 10), ndcg(own, 10)):
                interval = bootstrap_interval(gains)
                cells.append(f"{gains.mean():.4f} ± {(interval.high - interval.low) / 2:.4f}")
            table.add_row("" if number else kind, value, f"{len(own):,}", *cells)
    return table
