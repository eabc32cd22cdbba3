"""Variants: one trained model in several sizes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.config.export import VARIANT
from recsys.config.model import ModelConfig
from recsys.core.errors import ConfigError
from recsys.export.graph.inference_model import Tables, inference_model
from recsys.export.graph.item_tables import CodedTable, FloatTable, ProductTable, StoredItems
from recsys.export.graph.memory_tables import CompactMemory, ExactMemory, StoredTransitions
from recsys.export.graph.signatures import Signatures
from recsys.export.pruning import left_of, prune
from recsys.export.quantization.product import product_quantize
from recsys.export.quantization.row_codes import RowCodes
from recsys.export.quantization.stable_quantization import hold, stable_scales
from recsys.export.tflite import channel_scales, convert, flatbuffer, versions
from recsys.export.tflite.graph_cleanup import clean_up
from recsys.models.keras import tf
from recsys.models.sasrec import SASRec

CODED = ("int8", "int4", "pq")
ROUGH = ("int4", "pq")  # of the coded, those whose item table differs enough to be learned with
BITS = {"int8": 8, "int4": 4}
DESCRIPTION = b"recsys: self-attentive sequential recommendation"  # what viewers show


@dataclass(frozen=True)
class Variant:
    """How one variant holds the model.

    Attributes:
        name: as in the config: ``BASE``, then any of ``-rRANK``, ``-pPERCENT`` and ``-mDEPTH`` in this order.
        base: ``float32``, ``float16``, ``int8`` (8 bits everywhere), ``int4`` and ``pq`` (a smaller item table).
        depth: neighbours of the transition memory kept an item, on average where the base is not float32; None keeps
            what was trained, 0 leaves the memory out.
        rank: of the blocks' projections; None leaves them whole.
        kept: percent of heads and feed-forward rows; None leaves all.
        of_student: whether it is made of the distilled student, as the name begins with ``student-``.
    """

    name: str
    base: str
    depth: int | None
    rank: int | None = None
    kept: int | None = None
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
        base, rank, kept, depth = (found[part] for part in ("base", "rank", "kept", "depth"))
        unsaid = None if base == "float32" else default_depth
        return cls(
            name,
            base,
            depth=int(depth) if depth else unsaid,
            rank=int(rank) if rank else None,
            kept=int(kept) if kept else None,
            of_student=bool(found["student"]),
        )

    def check(self, shape: ModelConfig, kept: float | None = None) -> None:
        """Refuse a name of which a part would change nothing in a model of ``shape``.

        Args:
            kept: transitions an item that are left of ``shape``'s memory, on average; None where that is as it was
                trained.

        Raises:
            ConfigError: it asks for no less memory than there is, or for a rank or a share that saves nothing.
        """
        memory = shape.memory
        there = 0.0 if memory is None else min(kept or memory.neighbours, memory.average or memory.neighbours)
        if self.depth is not None and self.name.endswith(f"-m{self.depth}") and self.depth >= there:
            raise ConfigError(
                f"export.variants: {self.name}: the memory has {there:g} transitions an item, so -m{self.depth} leaves "
                "all of it; leave it out"
            )
        width, whole = shape.width, (shape.heads, shape.width * shape.feed_forward)
        heads, rows = whole if self.kept is None else (left_of(size, self.kept / 100) for size in whole)
        if self.kept is not None and (heads, rows) == whole:
            raise ConfigError(f"export.variants: {self.name}: -p{self.kept} leaves all heads and rows; leave it out")
        widest = max(3 * width // shape.heads * heads, rows * (2 if shape.join == "ligr" else 1))
        most = (width * widest - 1) // (width + widest)
        if self.rank is not None and self.rank > most:
            raise ConfigError(
                f"export.variants: {self.name}: at width {width} rank {self.rank} makes no projection smaller; "
                f"ranks up to {most} do"
            )

    @property
    def is_exact(self) -> bool:
        """Whether its scores are Keras' up to rounding."""
        return self.name == "float32"

    def convert(
        self,
        model: SASRec,
        candidates: int,
        signatures: Iterable[str] = (),
        since: bytes | None = None,
        items: int | None = None,
    ) -> bytes:
        """``model`` as a TFLite file of this variant.

        Args:
            candidates, signatures: as ``Signatures`` has them.
            items: in the vocabulary; None where the item table has no OOV buckets.
            since: last night's file of this variant, whose codes stay where the weights hardly moved.

        Raises:
            ConfigError: the model cannot be encoded event by event.
            RecsysError: ``since`` is of another shape.
        """
        if self.rank is not None or self.kept is not None:
            model = prune(model, self.rank, None if self.kept is None else self.kept / 100)
        before = flatbuffer.read(since) if since is not None and self.base in BITS and not self.of_student else None
        tables = self.tables(model, before)
        inference = inference_model(model, tables)
        content = convert.to_float32(Signatures(inference, candidates, items or model.items.rows - 1, signatures))
        if self.base == "float16":
            content = convert.cast_to_float16(content)
        elif self.base in CODED:
            content = convert.quantize_dense(content)
        tree = flatbuffer.read(content)
        clean_up(tree)
        if self.base in CODED:
            stable_scales(tree)
        if before is not None:
            channel_scales.unfold(before)
            hold(tree, before)
        if self.base in CODED:
            channel_scales.fold(tree)
        versions.correct(tree)
        flatbuffer.name_constants(tree, tables.constants())
        tree.description = DESCRIPTION
        return flatbuffer.write(tree)

    def tables(self, model: SASRec, before: Any = None) -> Tables:
        """``model``'s tables in this variant's encoding; ``before`` is last night's file, if any."""
        items = self._items(model.trained_items.vectors(), before)
        learned = model.events.positions
        positions = None
        if learned and self.base in CODED:
            positions = CodedTable(learned.table.numpy(), 8, _codes(before, "positions", 8))
        return Tables(items, self._memory(model), positions)

    def _items(self, rows: npt.NDArray[np.float32], before: Any = None) -> StoredItems:
        if self.base == "pq":
            return ProductTable(*product_quantize(rows))
        bits = BITS.get(self.base)
        return FloatTable(rows) if bits is None else CodedTable(rows, bits, _codes(before, "items", bits))

    def code(self, rows: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8] | None]:
        """An item table ``[rows, width]`` as a phone reads it out of this variant, and the centroids it is made of."""
        coded = self._items(rows)
        return coded.lookup(tf.range(len(rows))).numpy(), coded.constants.get("choices")

    def _memory(self, model: SASRec) -> StoredTransitions | None:
        table = model.transitions
        if table is None or self.depth == 0:
            return None
        neighbours, counts, totals = table.neighbours.numpy(), table.counts.numpy(), table.totals.numpy()
        if self.base != "float32":
            return CompactMemory(neighbours, counts, totals, self.depth)
        longest = max(int((counts > 0).sum(1).max(initial=0)), 1)  # rows have their gaps at the end
        kept = slice(None, min(longest, self.depth or longest))
        return ExactMemory(neighbours[:, kept], (counts / totals[:, None])[:, kept])


def _codes(before: Any, table: str, bits: int) -> RowCodes | None:
    """Last night's codes of ``table``, where there was such a file and it had them."""
    packed = None if before is None else flatbuffer.constant(before, f"{table}/codes{bits}")
    return None if packed is None else RowCodes.unpack(packed, bits)
