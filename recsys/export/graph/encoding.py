"""In which encoding a variant holds each table."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.export.graph.inference_model import Tables
from recsys.export.graph.item_tables import CodedTable, FloatTable, ProductTable, StoredItems
from recsys.export.graph.memory_tables import CompactMemory, ExactMemory, StoredTransitions
from recsys.export.quantization.product import product_quantize
from recsys.export.quantization.row_codes import RowCodes
from recsys.export.variants import BITS, Variant
from recsys.models.keras import tf
from recsys.models.sasrec import SASRec


def encode_tables(model: SASRec, variant: Variant, since: Mapping[str, RowCodes] | None = None) -> Tables:
    """``model``'s tables as ``variant`` holds them; ``since``: last night's codes, by table."""
    codes = since or {}
    learned = model.events.positions
    positions = None
    if learned and variant.is_coded:
        positions = CodedTable(learned.table.numpy(), 8, codes.get("positions"))
    items = _items(model.trained_items.vectors(), variant, codes.get("items"))
    return Tables(items, _memory(model, variant), positions)


def decoded(rows: npt.NDArray[np.float32], variant: Variant) -> tuple[npt.NDArray[np.float32], Any]:
    """An item table ``[rows, width]`` as a phone reads it out of ``variant``, and the centroids it is made of.

    Returns:
        The table, and ``[rows, parts] uint8``; None where there are no centroids.
    """
    items = _items(rows, variant)
    return items.lookup(tf.range(len(rows))).numpy(), items.constants.get("choices")


def _items(rows: npt.NDArray[np.float32], variant: Variant, since: RowCodes | None = None) -> StoredItems:
    if variant.base == "pq":
        return ProductTable(*product_quantize(rows))
    bits = BITS.get(variant.base)
    return FloatTable(rows) if bits is None else CodedTable(rows, bits, since)


def _memory(model: SASRec, variant: Variant) -> StoredTransitions | None:
    table = model.transitions
    if table is None or variant.depth == 0:
        return None
    neighbours, counts, divisors = table.neighbours.numpy(), table.counts.numpy(), table.divisors.numpy()
    if variant.base != "float32":
        return CompactMemory(neighbours, counts, divisors, variant.depth, table.added, table.is_related)
    longest = max(int((counts > 0).sum(1).max(initial=0)), 1)  # rows have their gaps at the end
    kept = slice(None, min(longest, variant.depth or longest))
    return ExactMemory(neighbours[:, kept], (counts / divisors[:, None])[:, kept])
