"""Model cards: what a person reads first when they open a run or a registered model."""

from recsys.artifacts.run import Run

SHOWN_METRICS = ("hr@10", "ndcg@10", "mrr")


def model_card(run: Run) -> str:
    """A finished run in Markdown: what it learned from, how well it ranks beside its baselines, what it cost."""
    manifest, metrics = run.manifest, run.metrics
    of_split = ("model", "baselines") if metrics["split"] == "test" else ("validation", "validation_baselines")
    model, baselines = (metrics[name] for name in of_split)
    named = {"model": model, **baselines}
    shown = [name for name in SHOWN_METRICS if name in model]
    table = [
        "| " + " | ".join(["", *shown]) + " |",
        "|---" * (len(shown) + 1) + "|",
        *("| " + " | ".join([name, *(f"{values[key]:.4f}" for key in shown)]) + " |" for name, values in named.items()),
    ]
    return "\n".join(
        [
            f"## {manifest.name}",
            "",
            f"Next-item recommender, protocol {metrics['protocol']}, {metrics['split']} split, "
            f"{'the time of the request known, ' * metrics['request_time']}"
            f"the whole catalog ranked; seed {manifest.seed}, best epoch {metrics['epochs']['best']}.",
            "",
            *table,
            "",
            f"- dataset `{manifest.dataset_digest}`",
            f"- code `{manifest.code_version or 'unknown'}`{_cleanness(manifest.code_clean)}",
            f"- {_number(manifest.parameters)} parameters, "
            f"{_number(manifest.multiply_adds)} multiply-adds a ranking, "
            f"{_number(manifest.wall_seconds)} s to train",
            "",
            f"It knows only who touched what {'and when' if metrics['request_time'] else 'in which order'}, and only "
            "items of its vocabulary; "
            "the memory of transitions, where it is on, shows people what others went on to.",
        ]
    )


def _cleanness(clean: bool | None) -> str:
    return " with uncommitted changes" if clean is False else ""


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:,.0f}"
