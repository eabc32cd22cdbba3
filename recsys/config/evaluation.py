"""How rankings are judged."""

from pydantic import Field

from recsys.config.base import Section


class EvaluationConfig(Section):
    """Full-catalogue ranking metrics."""

    ks: tuple[int, ...] = (5, 10, 20)
    filter_seen: bool = True
    batch_size: int = Field(512, ge=1)
