"""What all results of commands share."""

from dataclasses import asdict, dataclass
from typing import Any

Metrics = dict[str, float | None]


@dataclass(frozen=True)
class Result:
    """What a command found out, for programs."""

    def to_json(self) -> dict[str, Any]:
        """The fields by name; a field that does not apply is null."""
        return asdict(self)
