"""How rankings are judged."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from recsys.config.base import Distinct, Section

Baseline = Literal["popularity", "recent_popularity", "markov", "window_markov", "item_knn", "ease", "content"]


class EvaluationConfig(Section):
    """Full-catalog ranking metrics; what only reports makes no other run, and is measured of one that is there."""

    ks: Distinct[Annotated[int, Field(ge=1)]] = Field(
        (5, 10, 20), description="cut-offs reported; 10, which chooses the epoch, is one"
    )
    filter_seen: bool = Field(
        True, description="what a history has seen, but never the target, stays out of its ranking"
    )
    batch_size: int = Field(256, ge=1, description="histories scored at once")
    baselines: Distinct[Baseline] = Field(
        ("popularity", "markov", "window_markov"), description="what the model is held against"
    )
    validation_users: int | None = Field(
        None, ge=1, description="validation events, one a user under leave-one-out, that choose the epoch; null is all"
    )

    @model_validator(mode="after")
    def _ten_is_there(self) -> "EvaluationConfig":
        if 10 not in self.ks:
            raise ValueError(f"evaluation.ks {self.ks} must hold 10: NDCG@10 chooses the epoch")
        return self
