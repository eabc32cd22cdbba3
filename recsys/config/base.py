"""What every section of a config is: frozen, typed, and closed to unknown keys."""

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from recsys.core.local_path import place
from recsys.core.mirror import with_urls


def _place(value: Any) -> Any:
    return place(value) if isinstance(value, str | Path) else value


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    twice = [value for place, value in enumerate(values) if value in values[:place]]
    if twice:
        raise ValueError(f"{twice[0]!r} stands twice; leave one out")
    return values


Value = TypeVar("Value")
Distinct = Annotated[tuple[Value, ...], AfterValidator(_distinct)]

# ``~`` is filled in; a store's URL becomes the path of its copy here, and is written as the URL again.
LocalPath = Annotated[Path, BeforeValidator(_place), PlainSerializer(with_urls, return_type=str, when_used="json")]


class Section(BaseModel):
    """A frozen model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)
