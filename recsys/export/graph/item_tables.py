"""How a phone holds the item table: as few bytes as the scores allow.

Every table reads only the rows it is asked for, so that a ranking costs the same in any catalog.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.export.quantization.row_codes import STEP, UNIT_STEP, ZERO, RowCodes
from recsys.export.quantization.stable_quantization import hold_rows
from recsys.models.keras import tf
from recsys.models.not_constant import not_constant

LARGEST = 127.0  # code of a centroid's largest number, less that of 0


class StoredItems:
    """An ``ItemEmbedding`` whose rows are constants in some encoding.

    Attributes:
        constants: what the file stores, by the names it bears there.
    """

    constants: dict[str, npt.NDArray[Any]]

    def __init__(self, rows: int, width: int) -> None:
        self.rows, self.width = rows, width

    def lookup(self, ids: tf.Tensor) -> tf.Tensor:
        """``[…] int32`` to ``[…, width] float32``."""
        raise NotImplementedError

    def table(self, ids: tf.Tensor) -> tf.Tensor:
        return self.lookup(not_constant(tf.range(self.rows), ids))


@tf.function(experimental_implements="embedding_matmul")
def _embedding_lookup(table: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """Converted to EMBEDDING_LOOKUP, which reads only the rows it is asked for in every weight type."""
    return tf.gather(table, ids)


class FloatTable(StoredItems):
    """Plain floats."""

    def __init__(self, table: npt.NDArray[np.float32]) -> None:
        super().__init__(*table.shape)
        self.constants = {"rows": table}
        self._table = tf.constant(table)

    def lookup(self, ids: tf.Tensor) -> tf.Tensor:
        flat = _embedding_lookup(self._table, tf.reshape(ids, [-1]))
        return tf.reshape(flat, [*ids.shape, self.width])


class CodedTable(StoredItems):
    """Integer codes, as ``RowCodes`` packs them.

    Args:
        table: ``[rows, width] float32``.
        bits: 8 or 4.
        since: last night's rows, whose codes stay where the table hardly moved.
    """

    def __init__(self, table: npt.NDArray[np.float32], bits: int, since: RowCodes | None = None) -> None:
        super().__init__(*table.shape)
        self.bits = bits
        rows = RowCodes.encode(table, bits)
        packed = (rows if since is None else hold_rows(rows, since)).packed
        self.constants = {f"codes{bits}": packed}
        self.packed = tf.constant(packed)

    def lookup(self, ids: tf.Tensor) -> tf.Tensor:
        packed = tf.cast(tf.gather(self.packed, ids), tf.float32)
        codes, steps = packed[..., :-1], packed[..., -1:]
        if self.bits == 4:
            high = tf.floor(codes / 16.0)
            codes = tf.concat([high, codes - 16.0 * high], -1)
        return (codes - float(ZERO[self.bits])) * tf.exp((steps - UNIT_STEP) * STEP)


class ProductTable(StoredItems):
    """Product quantization (Jégou et al., 2011): each row is a choice of one centroid in each of its parts.

    Args:
        codes: ``[rows, parts] uint8``.
        centroids: ``[parts, 256, width / parts] float32``, themselves held in 8 bits, of one step size a part.
    """

    def __init__(self, codes: npt.NDArray[np.uint8], centroids: npt.NDArray[np.float32]) -> None:
        parts, choices, part_width = centroids.shape
        super().__init__(len(codes), parts * part_width)
        self.codes = tf.constant(codes)
        self.first = tf.constant(np.arange(parts, dtype=np.int32) * choices)
        steps = np.maximum(np.abs(centroids).max((1, 2)), 1e-12) / LARGEST
        packed = np.round(centroids / steps[:, None, None]) + LARGEST
        self.centroids = tf.constant(packed.reshape(-1, part_width).astype(np.uint8))
        self.steps = tf.constant(steps[:, None].astype(np.float32))
        self.constants = {"choices": codes, "centroids": self.centroids.numpy()}

    def lookup(self, ids: tf.Tensor) -> tf.Tensor:
        chosen = tf.cast(tf.gather(self.codes, ids), tf.int32) + self.first
        values = (tf.cast(tf.gather(self.centroids, chosen), tf.float32) - LARGEST) * self.steps
        return tf.reshape(values, [*ids.shape, self.width])
