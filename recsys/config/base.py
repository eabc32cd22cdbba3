"""What every section of a config is: frozen, typed, and closed to unknown keys."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from recsys.core.local_path import local_path


def _local(value: Any) -> Any:
    return local_path(value) if isinstance(value, str | Path) else value


LocalPath = Annotated[Path, BeforeValidator(_local)]  # ``~`` is filled in, a URL is refused


class Section(BaseModel):
    """A frozen model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)
