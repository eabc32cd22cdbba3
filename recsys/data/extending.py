"""Whether a log may extend a dataset."""

from typing import Any

from recsys.data.dataset import Dataset
from recsys.errors import ConfigError, DataError


def check_extends(dataset: Dataset, inputs: dict[str, Any]) -> None:
    """Refuse to mix what was made differently.

    Raises:
        DataError: the dataset kept no events.
        ConfigError: it was made with another ``prepare`` section, or lacks columns that the config names.
    """
    if not dataset.event_files:
        raise DataError(f"{dataset.path}: kept no events to extend; make it with prepare.keep_events: true")
    made = dataset.manifest["inputs"]
    for key, value in inputs["prepare"].items():
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
