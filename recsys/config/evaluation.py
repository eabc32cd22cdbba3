"""How rankings are judged."""

from pydantic import Field

from recsys.config.base import Section


class EvaluationConfig(Section):
    """Full-catalogue ranking metrics."""

    ks: tuple[int, ...] = Field((5, 10, 20), description="cut-offs reported; 10 chooses the epoch and is always there")
    filter_seen: bool = Field(True, description="take a history's items out of its ranking (never the target)")
    batch_size: int = Field(256, ge=1, description="histories scored at once")
    validation_users: int | None = Field(
        None, ge=1, description="users that choose the epoch, drawn once by a fixed seed; all of them when empty"
    )
