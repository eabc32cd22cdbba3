"""The config of a whole way, from log to bundle: YAML in, frozen models out."""

import json
import shlex
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError, model_validator

from recsys.config.base import Section
from recsys.config.data import DataConfig
from recsys.config.evaluation import EvaluationConfig
from recsys.config.export import ExportConfig
from recsys.config.model import ModelConfig
from recsys.config.prepare import PrepareConfig
from recsys.config.secrets import scrubbed
from recsys.config.tracking import TrackingConfig
from recsys.config.training import TrainingConfig
from recsys.config.yaml_text import read_yaml
from recsys.core.errors import ConfigError
from recsys.core.events.codes import MOST_TYPES


class Config(Section):
    """One recipe: each section configures one stage."""

    data: DataConfig
    prepare: PrepareConfig = PrepareConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    export: ExportConfig = ExportConfig()
    tracking: TrackingConfig = TrackingConfig()

    @model_validator(mode="after")
    def _the_data_has_what_the_model_reads(self) -> "Config":
        types = self.data.event_types
        if self.model.event_types and not types:
            raise ValueError("model.event_types reads the types that data.event_types names, and it names none")
        if len(types) > MOST_TYPES:
            raise ValueError(f"data.event_types names {len(types)} types, of which there can be {MOST_TYPES}")
        if self.model.event_values and self.data.name is None and self.data.columns.value is None:
            raise ValueError("model.event_values needs data.columns.value, the column that holds an event's value")
        return self

    @model_validator(mode="after")
    def _time_goes_forwards(self) -> "Config":
        if self.model.request_time and self.training.augmentation.repeat:
            raise ValueError(
                "training.augmentation.repeat sets time back, which model.request_time reads; leave one out"
            )
        return self

    @model_validator(mode="after")
    def _unknown_items_are_one_thing(self) -> "Config":
        if self.prepare.oov_buckets and self.data.items is not None and self.data.items.features:
            raise ValueError(
                "data.items.features gives items without events rows of their own, prepare.oov_buckets has them share "
                "some; leave one of the two out"
            )
        return self

    def to_json(self) -> dict[str, Any]:
        """The whole config, defaults included, as JSON values."""
        return self.model_dump(mode="json")


def apply_override(values: dict[str, Any], override: str) -> None:
    """Set ``a.b.c=value`` in nested ``values``; the value is read as YAML.

    Raises:
        ConfigError: no ``=``, a key that runs through a plain value, or a value that is not YAML.
    """
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(scrubbed(f"--set {override!r}: expected key=value, for example training.epochs=20"))
    *path, last = key.split(".")
    inner = values
    for part in path:
        if inner.get(part) is None:
            inner[part] = {}
        inner = inner[part]
        if not isinstance(inner, dict):
            raise ConfigError(scrubbed(f"--set {override!r}: {part!r} is a value, not a section"))
    try:
        inner[last] = read_yaml(text)
    except ConfigError:
        quoted = shlex.quote(f"{key}={json.dumps(text, ensure_ascii=False)}")
        explained = f"the value {text!r} is not YAML; quote it, for YAML and for the shell: --set {quoted}"
        raise ConfigError(scrubbed(f"--set {override!r}: {explained}")) from None


def load_config(path: Path | str, overrides: list[str] | None = None) -> Config:
    """Read a YAML config, apply ``key=value`` overrides, and check it.

    Relative paths in it are read from the current directory.

    Raises:
        ConfigError: names the file and, for each bad key, what was expected and what was found.
    """
    path = Path(path)
    try:
        values = read_yaml(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such config; the ones that come with recsys are in configs/") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: a folder; expected a YAML file, as recsys init LOG writes it") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 ({error}); save it as UTF-8") from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    if not isinstance(values, dict):
        found = f"{path}: expected sections (data:, model:, …), found {type(values).__name__}"
        raise ConfigError(f"{found}; of a log, recsys init {path} writes such a file")
    for override in overrides or []:
        apply_override(values, override)
    return parse_config(values, str(path))


def parse_config(values: dict[str, Any], origin: str = "config") -> Config:
    """Check nested values. ``origin`` is what errors name.

    >>> parse_config({"data": {"path": "log.csv"}, "model": {"widht": 64}})
    Traceback (most recent call last):
    recsys.core.errors.ConfigError: config:
      model.widht: unknown key; did you mean 'width'?

    Raises:
        ConfigError: as ``load_config``.
    """
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        lines = [f"{origin}:", *(f"  {line}" for line in problems(error, Config))]
        raise ConfigError(scrubbed("\n".join(lines))) from None


def problems(error: ValidationError, kind: type[BaseModel]) -> list[str]:
    """What is wrong with the values of a ``kind``, a line a key."""
    lines = []
    for problem in error.errors():
        if problem["type"] == "default_factory_not_called":
            continue  # it follows from another one
        key = ".".join(str(part) for part in problem["loc"]) or "(whole)"
        if problem["type"] == "extra_forbidden":
            lines.append(f"{key}: unknown key{_suggest(problem['loc'], kind)}")
        else:
            whole = problem["type"] == "missing" or isinstance(problem["input"], dict)
            found = "" if whole else f", found {problem['input']!r}"
            found += " (in quotes it is a string)" * (problem["type"] == "string_type" and not whole)
            lines.append(f"{key}: {problem['msg'].removeprefix('Value error, ')}{found}")
    return lines


def _suggest(location: tuple[Any, ...], kind: type[BaseModel]) -> str:
    import difflib

    section: Any = kind
    for part in location[:-1]:
        field = section.model_fields.get(part) if hasattr(section, "model_fields") else None
        section = field.annotation if field else None
    known = sorted(getattr(section, "model_fields", {}))
    close = difflib.get_close_matches(str(location[-1]), known, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; known here: {', '.join(known)}" if known else ""
