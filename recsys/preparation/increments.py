"""Whether a log may extend a dataset."""

from typing import Any

from recsys.artifacts.dataset import Dataset
from recsys.core.errors import ConfigError, DataError


def check_extends(dataset: Dataset, inputs: dict[str, Any]) -> None:
    """Refuse to mix what was made differently.

    Events are kept as they were validated, so cleaning, core and split may change from night to night (a temporal
    split moves on); but what a cap has cut off cannot come back.

    Raises:
        DataError: the dataset kept no events.
        ConfigError: it was capped in another way, or lacks columns that the config names.
    """
    if not dataset.event_files:
        raise DataError(f"{dataset.path}: kept no events to extend; make it with prepare.keep_events: true")
    made = dataset.manifest["inputs"]
    cap = "max_user_events"
    capped = any(one["prepare"].get(cap) is not None for one in (made, inputs))
    for key in (cap, "split", "validation_from") if capped else ():
        value = inputs["prepare"][key]
        if made["prepare"].get(key) != value:
            raise ConfigError(
                f"prepare.{key} is {value!r}, but {dataset.path} was made with {made['prepare'].get(key)!r}; "
                "extend with the config that it was made with, or make it anew from all days"
            )
    for column in ("event_id", "event_type"):
        if (inputs["data"]["columns"][column] is None) != (made["data"]["columns"][column] is None):
            raise ConfigError(f"data.columns.{column}: {dataset.path} and this log must both have it, or neither")
    if inputs["data"]["event_types"] != made["data"]["event_types"]:
        raise ConfigError(f"data.event_types differ from those that {dataset.path} was made with")
