"""Model cards: what a person reads first when they open a run or a registered model."""

from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.config.data import DataConfig
from recsys.config.model import ModelConfig

SHOWN_METRICS = ("hr@10", "ndcg@10", "mrr")


def model_card(run: Run) -> str:
    """A finished run in Markdown: what it learned from, how well it ranks beside its baselines, what it cost.

    Raises:
        ArtifactError: the run's config is one that this version does not read.
    """
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
            _what_it_reads(recorded(ModelConfig, run, "model"), recorded(DataConfig, run, "data")),
        ]
    )


def _what_it_reads(model: ModelConfig, data: DataConfig) -> str:
    """What the model knows of events and of items, and what it can rank, by the settings that it was trained with."""
    channels = {
        "how long before the request it happened": model.request_time,
        "its type": model.event_types,
        "its value": model.event_values,
    }
    features = list(data.items.features) if data.items else []
    described = (
        f"whose {_listed([f'`{name}`' for name in features])} it reads, too" if features else "by their ids alone"
    )
    sentences = [
        f"Of each event it reads {_listed(['the item', 'its order', *(name for name, on in channels.items() if on)])}.",
        f"It ranks the items of its vocabulary and no others, {described}.",
    ]
    if model.memory is not None:
        related = " and what is related to what they had" if data.relations else ""
        sentences.append(f"Its transition memory shows people what others went on to{related}.")
    return " ".join(sentences)


def _listed(names: list[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _cleanness(clean: bool | None) -> str:
    return " with uncommitted changes" if clean is False else ""


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:,.0f}"
