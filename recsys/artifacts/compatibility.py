"""May this be used with that? The one place that answers for datasets and runs."""

from enum import Enum
from typing import Any, NamedTuple

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.recorded_config import parse_recorded
from recsys.artifacts.run import Run
from recsys.config import Config
from recsys.config.data import EventType
from recsys.config.prepare import PrepareConfig, milliseconds
from recsys.core.errors import ArtifactError, ConfigError, DataError


class Blocks(Enum):
    """When a setting that was another before stands in the way."""

    NEVER = "never"
    ALWAYS = "always"
    CAPPED = "where max_user_events cut users off, then or now: what was cut off cannot come back"
    SESSIONS = "with split: last_session alone"
    MOVED_BACK = "where it is an earlier moment than before: what trained then would choose the epoch now"


class Uses(NamedTuple):
    """What may be done with a dataset, or a run, that was prepared otherwise."""

    extending: Blocks  # prepare --extend
    training: Blocks  # train --dataset
    warm_start: Blocks  # training.warm_start


# Extending: a dataset keeps its valid events as they came, so what is cleaned, filtered and split anew may change.
# Training: the config must say what made the sequences. Warm start: what trained before must still train.
NEVER, ALWAYS, CAPPED, SESSIONS, MOVED_BACK = Blocks
PREPARE_SETTINGS = {
    "k_core": Uses(NEVER, ALWAYS, ALWAYS),
    "min_item_events": Uses(NEVER, ALWAYS, ALWAYS),
    "max_items": Uses(NEVER, ALWAYS, ALWAYS),
    "oov_buckets": Uses(NEVER, ALWAYS, ALWAYS),
    "drop_duplicates": Uses(NEVER, ALWAYS, ALWAYS),
    "drop_repeats": Uses(NEVER, ALWAYS, ALWAYS),
    "bots": Uses(NEVER, ALWAYS, ALWAYS),
    "max_user_events": Uses(CAPPED, ALWAYS, ALWAYS),
    "max_rejected_share": Uses(NEVER, NEVER, NEVER),
    "split": Uses(CAPPED, ALWAYS, ALWAYS),
    "fit_on": Uses(NEVER, ALWAYS, ALWAYS),
    "validation_from": Uses(CAPPED, ALWAYS, MOVED_BACK),
    "test_from": Uses(NEVER, ALWAYS, MOVED_BACK),
    "session_gap_minutes": Uses(NEVER, SESSIONS, SESSIONS),
    "keep_events": Uses(NEVER, NEVER, NEVER),
    "events_per_shard": Uses(NEVER, NEVER, NEVER),
}


def blocking_setting(use: str, before: PrepareConfig, now: PrepareConfig) -> str | None:
    """The first setting that stands in the way of ``use``, a field of ``Uses``; None where none does."""
    return next((key for key, uses in PREPARE_SETTINGS.items() if _blocks(getattr(uses, use), key, before, now)), None)


def _blocks(blocks: Blocks, key: str, before: PrepareConfig, now: PrepareConfig) -> bool:
    was, is_now = (_comparable(getattr(config, key)) for config in (before, now))
    if was == is_now or blocks is NEVER:
        return False
    if blocks is CAPPED:
        return before.max_user_events is not None or now.max_user_events is not None
    if blocks is SESSIONS:
        return now.split == "last_session"
    return not (blocks is MOVED_BACK and was is not None and is_now is not None and was <= is_now)


def _comparable(value: Any) -> Any:
    """Moments as event time: however they are spelled, with a zone or without."""
    return milliseconds(value) if hasattr(value, "tzinfo") else value


def prepared_with(dataset: Dataset) -> PrepareConfig:
    """The settings that ``dataset`` was made with; one that came since stands at its default.

    Raises:
        ArtifactError: this version reads them otherwise.
    """
    return parse_recorded(PrepareConfig, dataset.manifest.inputs.prepare, f"{dataset.path}: inputs.prepare")


def check_settings(use: str, before: PrepareConfig, now: PrepareConfig, where: str) -> None:
    """Raises ConfigError, which begins with ``where``, when a setting stands in the way of ``use``."""
    key = blocking_setting(use, before, now)
    if key is not None:
        was, is_now = (config.model_dump(mode="json")[key] for config in (before, now))
        raise ConfigError(f"{where}: made with prepare.{key} {was!r}, the config says {is_now!r}; they must agree")


def check_trainable(dataset: Dataset, config: Config) -> None:
    """Raises ConfigError when ``dataset`` was prepared otherwise than ``config`` says."""
    check_settings("training", prepared_with(dataset), config.prepare, f"--dataset {dataset.path}")
    inputs, relations = dataset.manifest.inputs, config.data.relations
    before = inputs.data
    was_related = _relations_of((before.get("relations") or {}).get("nearest"), inputs.relations is not None)
    is_related = relations and _relations_of(relations.nearest, relations.path is not None)
    for key, was, is_now in (
        ("event_types", _settings_of(dataset.event_types), _settings_of(config.data.event_types)),
        ("relations", was_related, is_related),
        ("items.features", *(features_of(data) for data in (before, config.data.model_dump(mode="json")))),
    ):
        if was != is_now:
            raise ConfigError(
                f"--dataset {dataset.path}: made with data.{key} {was or 'none'}, the config says {is_now or 'none'}; "
                "they must agree"
            )


def _settings_of(types: dict[str, EventType]) -> dict[str, Any]:
    return {name: rule.model_dump(mode="json", exclude_defaults=True) for name, rule in types.items()}


def _relations_of(nearest: int | None, has_table: bool) -> str | None:
    """What relations are made of; None where there are none."""
    sources = [*(["a table"] if has_table else []), *([] if nearest is None else [f"nearest: {nearest}"])]
    return " and ".join(sources) or None


def features_of(data: dict[str, Any]) -> dict[str, str]:
    """Which columns of the item table a recorded ``data`` section has a model read, and as what."""
    return {name: one["kind"] for name, one in ((data.get("items") or {}).get("features") or {}).items()}


def check_extends(dataset: Dataset, config: Config) -> None:
    """Refuse to mix what was made differently.

    Raises:
        DataError: the dataset kept no events.
        ConfigError: it was cut off in another way, lacks columns that the config names, or counts other event types.
    """
    if not dataset.event_files:
        raise DataError(f"{dataset.path}: kept no events to extend; make it with prepare.keep_events: true")
    check_settings("extending", prepared_with(dataset), config.prepare, str(dataset.path))
    before = dataset.manifest.inputs.data
    for column in ("event_id", "event_type", "value"):
        if (getattr(config.data.columns, column) is None) != (before["columns"].get(column) is None):
            raise ConfigError(f"data.columns.{column}: {dataset.path} and this log must both have it, or neither")
    if config.data.event_types != dataset.event_types:
        was, is_now = (_settings_of(types) for types in (dataset.event_types, config.data.event_types))
        raise ConfigError(
            f"{dataset.path}: made with data.event_types {was or 'none'}, the config says {is_now or 'none'}; they "
            "must agree"
        )


def check_trained_on(run: Run, dataset: Dataset) -> None:
    """Raises ArtifactError when ``run`` was trained on another dataset: its item ids mean other items."""
    trained_on = run.manifest.dataset_digest
    if trained_on != dataset.digest:
        raise ArtifactError(
            f"{run.path}: trained on dataset {trained_on}, {dataset.path} is {dataset.digest}; "
            "use the one that it was trained on, or train again"
        )


def check_same_items(run: Run, dataset: Dataset) -> None:
    """Raises ArtifactError when an item has another id in ``dataset`` than ``run`` learned."""
    if run.manifest.vocabulary_digest != dataset.vocabulary.digest:
        raise ArtifactError(
            f"{run.path}: its item ids are not those of {dataset.path}; use a dataset with the vocabulary that the "
            "run was trained on, or train again"
        )
