"""What the bundle must be."""

import re
from typing import Literal

from pydantic import Field, field_validator

from recsys.config.base import Distinct, LocalPath, Section

# The names that recsys.export.variants reads: how tables are held, the percent of heads and hidden units that are kept,
# the transition memory's depth.
VARIANT = (
    r"^(?P<student>student-)?(?P<base>float32|float16|int8|int4|pq)"
    r"(-p(?P<kept>[1-9][0-9]?))?(-m(?P<depth>0|[1-9][0-9]*))?$"
)


class StudentConfig(Section):
    """The shape of the distilled student, for variants named student-…; how it and pruned models (-pPERCENT) learn."""

    teacher: LocalPath | None = Field(
        None,
        description="a finished run on the same data set, of equal model.max_length, to imitate; null is the exported",
    )
    width: int = Field(32, ge=4, multiple_of=4, description="size of an item's embedding and of the hidden state")
    blocks: int = Field(1, ge=1, description="attention blocks, one upon another")
    feed_forward: int = Field(1, ge=1, description="hidden units of the feed-forward, in multiples of the width")
    memory_average: float = Field(4, gt=0, description="transitions of the teacher's memory kept per item, on average")
    steps: int = Field(3000, ge=1, description="training steps; what is pruned or coded takes a third more")
    batch_size: int = Field(32, ge=1, description="histories a step")
    positions: int = Field(32, ge=1, description="events of each history after which the teacher is imitated")
    learning_rate: float = Field(2e-3, gt=0, description="Adam's at the first step; a cosine takes it to 0")
    seed: int = Field(1, ge=0, lt=2**31, description="of the student's first weights and of the histories it sees")


class ExportConfig(Section):
    """Variants of the TFLite model, what they hold, and how close they must stay to Keras."""

    variants: Distinct[str] = Field(
        ("float32", "int8"),
        min_length=1,
        description="one bundle each: float32, float16, int8, int4 or pq, student- before it, -pPERCENT and -mDEPTH "
        "after it in this order",
    )
    format: str = Field("tflite", description="of the model files: one that recsys/export/backend.py lists")
    memory_neighbours: int | None = Field(
        None,
        ge=0,
        description="transitions an item, on average, where a name does not say -mDEPTH; null, and float32, as trained",
    )
    signatures: tuple[Literal["encode", "score_all", "top_k", "explain", "incremental"], ...] = Field(
        (), description="beside rerank, which every bundle has"
    )
    student: StudentConfig = StudentConfig()
    candidates: int = Field(100, ge=1, le=65_536, description="fixed width of rerank; clients chunk and pad")
    item_columns: tuple[str, ...] = Field(("title",), description="item metadata to carry, where the data set has it")
    since: LocalPath | None = Field(
        None,
        description="last night's bundles, a folder of variants; int8 and int4 keep the codes of what hardly moved, "
        "and items that were new there keep their rows",
    )
    items: LocalPath | None = Field(
        None, description="item table whose new items are added without training, by data.items.features"
    )
    policy: LocalPath | None = Field(None, description="rules to apply after the scores, see serving/README.md")
    tolerance: float = Field(1e-3, gt=0, description="largest difference of a float32 score from Keras'")
    max_quality_loss: float = Field(
        0.05, gt=0, lt=1, description="largest share of Keras' validation NDCG@10 that a variant may lose"
    )
    evaluated_users: int = Field(
        1000, ge=1, description="targets of validation, and of test, ranked through the TFLite model itself"
    )

    @field_validator("variants", mode="before")
    @classmethod
    def _are_variants(cls, names: object) -> object:
        if isinstance(names, str):
            raise ValueError(f"expected a list, found {names!r}; write [{names}]")
        for name in names if isinstance(names, list | tuple) else ():
            if not isinstance(name, str) or re.fullmatch(VARIANT, name) is None:
                raise ValueError(
                    f"{name!r} is no variant; expected float32, float16, int8, int4 or pq, with student- before it, "
                    "-pPERCENT and -mDEPTH after it in this order, for example int8-p50-m8"
                )
        return names
