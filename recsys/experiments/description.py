"""Comparisons and ablations in words and as JSON: everything that their tables say, for programs."""

import re
from typing import Any

from recsys.experiments.ablation import Ablation
from recsys.experiments.comparison import Comparison
from recsys.experiments.front import BundleMetrics
from recsys.experiments.group import Estimate, Group, metric_key

SHOWN = ("hr@10", "ndcg@10", "mrr")
NOT_READ = "not read"  # of the test of what was only to be chosen from; ``recsys evaluate`` reads it
SIGNIFICANT = 0.05
REQUEST_TIME = "model.request_time"
# The one meaning of ± in whatever this project prints.
PLUS_MINUS = "± half of the 95 % interval over seeds"
ONE_SEED = "where a config has one seed, another seed may differ by more than this test knows"


def shown_metrics(comparison: Comparison) -> list[str]:
    """The usual metrics that any group has of the split, and the one that groups are ordered by."""
    has = {name for group in comparison.groups for run in group.runs for name in run.metrics}
    wanted = dict.fromkeys([*SHOWN, comparison.metric])
    return [name for name in wanted if name == comparison.metric or comparison.key(name) in has]


def settings(comparison: Comparison, group: Group) -> list[str]:
    """What the group's config has that not every group's has: ``dropout 0.3``, ``no memory``; nothing of a baseline.

    That the time of the request is known is said wherever it is: such figures have heard more.
    """
    knows_time = [REQUEST_TIME] if group.parameter(REQUEST_TIME) == "True" else []
    found = []
    for key in [] if group.baseline else sorted({*comparison.differing, *knows_time}):
        name, value = key.removeprefix("model.").removeprefix("training."), group.parameter(key)
        words = {"set": name, str(None): f"no {name}"}
        found.append(words.get(value, f"{name} {short_value(value)}"))
    return found


def short_value(value: str) -> str:
    """A drawn number in four digits; everything else as it is.

    >>> short_value("0.17958111022604922"), short_value("0.0005"), short_value("separate")
    ('0.1796', '0.0005', 'separate')
    """
    drawn = len(value) > 8 and re.fullmatch(r"-?\d+\.\d+(e-?\d+)?", value)
    return f"{float(value):.4g}" if drawn else value


def estimate_text(estimate: Estimate | None) -> str:
    """``0.1234 ± 0.0010``, where the reach is half of the 95 % interval over seeds; without one for a single seed."""
    if estimate is None:
        return "–"
    reach = f" ± {estimate.interval.high - estimate.mean:.4f}" if estimate.interval else ""
    return f"{estimate.mean:.4f}{reach}"


def reported_text(comparison: Comparison, group: Group, metric: str) -> str:
    """A metric of the split that is reported, or that the group's was not read."""
    return estimate_text(group.estimate(comparison.key(metric))) if group.is_read(comparison.split) else NOT_READ


def p_text(p_value: float) -> str:
    """Four digits; no p-value is 0.

    >>> p_text(0.04), p_text(1e-9)
    ('0.0400', '<.0001')
    """
    return f"{p_value:.4f}" if p_value >= 0.00005 else "<.0001"


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Everything that the tables say, for programs."""
    return {
        "metric": comparison.metric,
        "split": comparison.split,
        "dataset_digests": sorted({run.dataset_digest for g in comparison.groups for run in g.runs}),
        "protocols": sorted({run.protocol for g in comparison.groups for run in g.runs}),
        "baseline": comparison.baseline.label if comparison.baseline else None,
        "groups": [_group_json(comparison, group) for group in comparison.groups],
        "baselines": {
            group.label: _metrics_json(comparison, group) for group in comparison.rows if group.baseline is not None
        },
        "bundles": [_bundle_json(comparison, bundle) for bundle in comparison.bundles],
    }


def ablation_json(ablation: Ablation) -> dict[str, Any]:
    """Everything that the table says, for programs."""
    comparison = ablation.comparison
    first = comparison.groups[0].runs[0]
    return {
        "metric": comparison.metric,
        "protocol": first.protocol,
        "dataset_digest": first.dataset_digest,
        "chosen": ablation.chosen,
        "arms": [{"name": name, **_group_json(comparison, group)} for name, group in ablation.arms.items()],
    }


def _group_json(comparison: Comparison, group: Group) -> dict[str, Any]:
    found: dict[str, Any] = {
        "label": group.label,
        "config_digest": group.runs[0].config_digest,
        "runs": [{"run_id": run.run_id, "digest": run.digest, "name": run.name} for run in group.runs],
        "seeds": group.seeds,
        "parameters": {name: group.runs[0].parameters.get(name) for name in comparison.differing},
        "validation": _estimate_json(group.estimate(metric_key("validation", comparison.metric))),
        "metrics": _metrics_json(comparison, group),
    }
    test = comparison.against.get(group.key)
    if test:
        found["against_baseline"] = {
            "difference": test.difference,
            "interval": [test.interval.low, test.interval.high],
            "p_value": test.p_value,
            "p_value_holm": comparison.corrected[group.key],
            "targets": test.targets,
            "users": test.users,
        }
    return found


def _metrics_json(comparison: Comparison, group: Group) -> dict[str, Any]:
    estimates = {name: group.estimate(comparison.key(name)) for name in shown_metrics(comparison)}
    return {name: _estimate_json(estimate) for name, estimate in estimates.items() if estimate is not None}


def _estimate_json(estimate: Estimate | None) -> dict[str, Any] | None:
    if estimate is None:
        return None
    interval = [estimate.interval.low, estimate.interval.high] if estimate.interval else None
    return {"mean": estimate.mean, "std": estimate.std, "interval": interval}


def _bundle_json(comparison: Comparison, bundle: BundleMetrics) -> dict[str, Any]:
    return {
        "label": bundle.group.label,
        "run": bundle.run.digest,
        "seed": bundle.run.seed,
        "variant": bundle.name,
        "bytes": bundle.bytes,
        "median_ms": bundle.milliseconds,
        **{split: {comparison.metric: value} for split, value in bundle.quality.items()},
        "pareto": bundle in comparison.front,
    }
