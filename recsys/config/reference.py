"""Every key that a config may have, read off the models themselves, so that it is never out of date."""

import json
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from recsys.config import Config


def reference() -> str:
    """A commented YAML text of all sections, keys, defaults and meanings."""
    return "\n".join(["# Every key, with its default.", *_section(Config, 0)])


def _section(model: type[BaseModel], depth: int) -> list[str]:
    indent = "  " * depth
    lines = []
    for name, info in model.model_fields.items():
        inner, default = _model_of(info.annotation), info.get_default(call_default_factory=True, validated_data={})
        if inner is not None:
            meaning, below = (inner.__doc__ or "").strip().splitlines()[0], _section(inner, depth + 1)
            if default in (None, {}):  # nothing of it is on: what it could hold stands as comments
                lines.append(f"{indent}{name}: {json.dumps(default)} # {meaning}")
                lines += [f"{indent}  # NAME:"] if default == {} else []
                lines += [f"{indent}  # {line.removeprefix(indent)}" for line in below]
            else:
                lines += [f"{indent}{name}: # {meaning}", *below]
            continue
        value = "(required)" if default is PydanticUndefined else json.dumps(default, default=str)
        notes = [note for note in (info.description, _choices(info.annotation), _limits(info.metadata)) if note]
        lines.append(f"{indent}{name}: {value}" + (f" # {'; '.join(notes)}" if notes else ""))
    return lines


def _model_of(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _limits(metadata: list[Any]) -> str:
    signs = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    return ", ".join(
        f"{word} {getattr(limit, sign)}" for limit in metadata for sign, word in signs.items() if hasattr(limit, sign)
    )


def _choices(annotation: Any) -> str:
    inside = [option for part in get_args(annotation) for option in (part, *get_args(part))]
    options = [option for option in inside if isinstance(option, str)]
    return " | ".join(options)
