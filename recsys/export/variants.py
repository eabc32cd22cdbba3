"""Variants: one trained model in several sizes."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.config.export import VARIANT
from recsys.errors import ConfigError
from recsys.export import convert
from recsys.export.phone import PhoneModel
from recsys.export.product import product_quantise
from recsys.export.tables import CodedTable, CompactMemory, ExactMemory, FloatTable, ItemTable, Memory, ProductTable
from recsys.models.sasrec import SASRec

STUDENT = "student-"
CODED = ("int8", "int4", "pq")


@dataclass(frozen=True)
class Variant:
    """How one variant holds the model.

    Attributes:
        name: as in the config: ``BASE`` or ``BASE-mDEPTH``, the transition memory cut to DEPTH neighbours an item
            (on average, where the base is not float32); after ``student-``, of the distilled student.
        base: ``float32``, ``float16``, ``int8`` (8 bits everywhere), ``int4`` and ``pq`` (a smaller item table).
        depth: neighbours kept; None keeps what was trained, 0 leaves the memory out.
    """

    name: str
    base: str
    depth: int | None

    @classmethod
    def parse(cls, name: str, default_depth: int) -> "Variant":
        """Read a name; compact bases keep ``default_depth`` neighbours unless it says otherwise.

        Raises:
            ConfigError: no such variant.
        """
        if re.fullmatch(VARIANT, name) is None:
            raise ConfigError(f"export.variants: {name!r} does not match {VARIANT}")
        base, _, depth = name.removeprefix(STUDENT).partition("-m")
        unsaid = None if base == "float32" else default_depth
        return cls(name, base, int(depth) if depth else unsaid)

    @property
    def of_student(self) -> bool:
        return self.name.startswith(STUDENT)

    @property
    def is_exact(self) -> bool:
        """Whether its scores are Keras' up to rounding."""
        return self.base == "float32" and self.depth is None and not self.of_student

    def phone_model(self, model: SASRec) -> PhoneModel:
        """``model`` over this variant's tables."""
        table = model.item_table.numpy()
        tables: dict[str, Callable[[npt.NDArray[np.float32]], ItemTable]] = {
            "float32": FloatTable,
            "float16": FloatTable,
            "int8": lambda rows: CodedTable(rows, 8),
            "int4": lambda rows: CodedTable(rows, 4),
            "pq": lambda rows: ProductTable(*product_quantise(rows)),
        }
        learned = model.learned_positions
        positions = CodedTable(learned.table.numpy(), 8) if learned and self.base in CODED else None
        return PhoneModel(model, tables[self.base](table), self._memory(model), positions)

    def finish(self, float_model: bytes) -> bytes:
        """The converted model with its dense layers as this variant holds them."""
        steps = {"float32": convert.tidy, "float16": convert.cast_to_float16}
        return steps.get(self.base, convert.quantise_dense)(float_model)

    def _memory(self, model: SASRec) -> Memory | None:
        if model.memory is None or self.depth == 0:
            return None
        memory = model.memory
        neighbours, counts, totals = memory.neighbours.numpy(), memory.counts.numpy(), memory.totals.numpy()
        if self.base != "float32":
            return CompactMemory(neighbours, counts, totals, self.depth or neighbours.shape[1])
        kept = slice(None, self.depth)
        return ExactMemory(neighbours[:, kept], (counts / totals[:, None])[:, kept])
