"""What the bundle must be."""

from typing import Literal

from pydantic import Field

from recsys.config.base import Section


class ExportConfig(Section):
    """Variants of the TFLite model and how close they must stay to Keras."""

    variants: tuple[Literal["float32", "int8"], ...] = ("float32", "int8")
    candidates: int = Field(100, ge=1)
    tolerance: float = Field(1e-3, gt=0)
