"""Names of variants: one trained model in several sizes."""

import re
from dataclasses import dataclass

from recsys.config.export import VARIANT
from recsys.config.model import ModelConfig
from recsys.core.errors import ConfigError
from recsys.models.strongest import left_of

CODED = ("int8", "int4", "pq")
ROUGH = ("int4", "pq")  # of the coded, those whose item table differs enough to be learned with
BITS = {"int8": 8, "int4": 4}


@dataclass(frozen=True)
class Variant:
    """How one variant holds the model.

    Attributes:
        name: as in the config: ``BASE``, then ``-pPERCENT`` and ``-mDEPTH`` in this order, or either or none.
        base: ``float32``, ``float16``, ``int8`` (8 bits everywhere), ``int4`` and ``pq`` (a smaller item table).
        depth: neighbours of the transition memory kept an item, on average where the base is not float32; None keeps
            what was trained, 0 leaves the memory out.
        kept: share of heads and hidden units, after pruning; None leaves all.
        of_student: whether it is made of the distilled student, as the name begins with ``student-``.
    """

    name: str
    base: str
    depth: int | None
    kept: float | None = None
    of_student: bool = False

    @classmethod
    def parse(cls, name: str, default_depth: int | None) -> "Variant":
        """Read a name; compact bases keep ``default_depth`` neighbours, or all for None, unless it says otherwise.

        Raises:
            ConfigError: no such variant.
        """
        found = re.fullmatch(VARIANT, name)
        if found is None:
            raise ConfigError(f"export.variants: {name!r} is no variant")
        base, kept, depth = (found[part] for part in ("base", "kept", "depth"))
        unsaid = None if base == "float32" else default_depth
        return cls(
            name,
            base,
            depth=int(depth) if depth else unsaid,
            kept=int(kept) / 100 if kept else None,
            of_student=bool(found["student"]),
        )

    def check(self, shape: ModelConfig, transitions: float | None = None) -> None:
        """Refuse a name of which a part would change nothing in a model of ``shape``.

        Args:
            transitions: how many an item are left of ``shape``'s memory, on average; None where that is as it was
                trained.

        Raises:
            ConfigError: it asks for no less memory than there is, or for a share that saves nothing.
        """
        memory = shape.memory
        there = 0.0 if memory is None else min(transitions or memory.neighbours, memory.average or memory.neighbours)
        if self.depth is not None and self.name.endswith(f"-m{self.depth}") and self.depth >= there:
            raise ConfigError(
                f"export.variants: {self.name}: the memory has {there:g} transitions an item, so -m{self.depth} leaves "
                "all of it; leave it out"
            )
        whole = (shape.heads, shape.width * shape.feed_forward)
        if self.kept is not None and tuple(left_of(size, self.kept) for size in whole) == whole:
            raise ConfigError(f"export.variants: {self.name}: leaves all heads and hidden units; leave -p out")

    @property
    def is_exact(self) -> bool:
        """Whether its scores are Keras' up to rounding."""
        return self.name == "float32"

    @property
    def is_coded(self) -> bool:
        """Whether its dense layers are in 8 bits and its tables in as many or fewer."""
        return self.base in CODED
