"""The columns of an item table that a model reads, checked: what cannot be read is told with file, row and column."""

from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.data import FeatureConfig
from recsys.core.errors import DataError
from recsys.features.encoder import Column
from recsys.features.lists import lengths_of, owners_of
from recsys.log.values.casting import as_mask, cast_column
from recsys.log.values.dictionaries import without_dictionary
from recsys.log.values.identifiers import ids_as_text
from recsys.log.values.nulls import blank_nulls

MOST_VALUES = 64  # of one item's category: more look like a text
MOST_BYTES = 100_000  # of one cell's text, or of a value in it: more look like a file that went into it
MOST_WIDE = 4096  # numbers of a vector


class FeatureColumns:
    """Reads columns of the item table at ``path``.

    Args:
        nulls: texts that mean that nothing is there (``data.null_values``).
    """

    def __init__(self, path: Path, nulls: tuple[str, ...]) -> None:
        self.path, self.nulls = path, nulls

    def read(self, name: str, values: pa.Array, config: FeatureConfig) -> Column:
        """The column called ``name``, as encoders of its kind take it.

        Raises:
            DataError: its type is of another kind, or a row of it is.
        """
        values = without_dictionary(values)
        is_other = isinstance(values.type, pa.BaseExtensionType) and not isinstance(values.type, pa.UuidType)
        values = values.storage if is_other else values
        match config.kind:
            case "category":
                return self._read_categories(name, values, config.separator)
            case "number":
                return self._read_numbers(name, values)
            case "text":
                return self._read_texts(name, values)
            case "vector":
                return self._read_vectors(name, values)

    def refuse_files(self, name: str, values: pa.Array) -> None:
        """Raises DataError when a cell of the column, or a value in it, is so long that a file has gone into it."""
        values, rows = without_dictionary(values), None
        if _is_list(values.type):
            values, rows = values.flatten(), owners_of(values)
        if not (pa.types.is_large_string(values.type) or pa.types.is_string(values.type)):
            return
        sizes = np.asarray(pc.binary_length(values).fill_null(0))
        if sizes.max(initial=0) > MOST_BYTES:
            place = int(sizes.argmax())
            row = place if rows is None else int(rows[place])
            self._refuse(name, row, f"{sizes[place]:,} bytes of text", f"at most {MOST_BYTES:,} are read; cut it")

    def _read_categories(self, name: str, values: pa.Array, separator: str) -> pa.Array:
        """A list of distinct texts an item; whole numbers are one value however they are spelled, as ids are."""
        if _is_list(values.type):
            rows, flat = owners_of(values), values.flatten()
        else:
            text = self._as_text(name, values, np.arange(len(values)))
            lists = pc.split_pattern(text.fill_null(""), separator)
            rows, flat = owners_of(lists), pc.utf8_trim_whitespace(lists.flatten())
        flat = self._as_text(name, flat, rows)
        kept = as_mask(pc.not_equal(flat, ""))
        counts = np.bincount(rows[kept], minlength=len(values))
        if counts.max(initial=0) > MOST_VALUES:
            found = f"{counts.max()} values"
            self._refuse(name, int(counts.argmax()), found, f"an item has at most {MOST_VALUES}; is it a text?")
        ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(ends), flat.filter(pa.array(kept)))

    def _read_numbers(self, name: str, values: pa.Array) -> npt.NDArray[np.float64]:
        if pa.types.is_nested(values.type) or pa.types.is_temporal(values.type):
            self._refuse_type(name, values.type, "a number an item")
        if pa.types.is_integer(values.type):  # those beyond 2^53 as the nearest float there is
            return np.asarray(values.cast(pa.float64(), safe=False).fill_null(np.nan), np.float64)
        numbers, bad = cast_column(blank_nulls(values, self.nulls), pa.float64())
        found = np.asarray(numbers.fill_null(np.nan), np.float64)
        bad |= np.isinf(found)
        if bad.any():
            row = int(bad.argmax())
            self._refuse(name, row, repr(values[row].as_py()), "expected a number, or nothing")
        return found

    def _read_texts(self, name: str, values: pa.Array) -> pa.Array:
        return self._as_text(name, values, np.arange(len(values)))

    def _read_vectors(self, name: str, values: pa.Array) -> npt.NDArray[np.float32]:
        kind = values.type
        if pa.types.is_null(kind):  # so Parquet writes a column in which nothing is
            return np.zeros((len(values), 0), np.float32)
        if not _is_list(kind) or not _may_be_numbers(kind.value_type):
            self._refuse_type(name, kind, "a list of numbers an item, as Parquet has them")
        lengths = lengths_of(values)
        known = np.flatnonzero(lengths)
        width = int(lengths[known[0]]) if len(known) else 0
        if width > MOST_WIDE:
            self._refuse(name, int(known[0]), f"a vector of {width:,} numbers", f"at most {MOST_WIDE:,} are read")
        other = known[lengths[known] != width]
        if len(other):
            found = f"a vector of {lengths[other[0]]} numbers"
            self._refuse(name, int(other[0]), found, f"row {known[0] + 1} has {width}; all must have as many")
        flat = values.flatten().cast(
            pa.float32(), safe=False
        )  # whole numbers beyond 2^24 as the nearest float there is
        flat = np.asarray(flat.fill_null(np.nan), np.float32).reshape(len(known), width)
        bad = ~np.isfinite(flat).all(1)
        if bad.any():
            row = int(known[bad.argmax()])
            self._refuse(name, row, "a vector with NaN or an infinite number", "leave the cell empty, or mend it")
        vectors = np.zeros((len(values), width), np.float32)
        vectors[known] = flat
        return vectors

    def _as_text(self, name: str, values: pa.Array, rows: npt.NDArray[Any]) -> pa.Array:
        """Values as text, null where nothing is there; ``rows`` are those of the table that they stand in."""
        values = values.cast(pa.string()) if pa.types.is_boolean(values.type) else values
        if pa.types.is_null(values.type):
            return values.cast(pa.string())
        if pa.types.is_nested(values.type):
            self._refuse_type(name, values.type, "one value or a list of values an item")
        text, bad = ids_as_text(blank_nulls(values, self.nulls))
        if bad.any() and pa.types.is_floating(values.type):  # 2.5 is no id, but a size or an edition
            text = pc.coalesce(text, blank_nulls(values, self.nulls).cast(pa.string()))
        elif bad.any():
            place = int(bad.argmax())
            self._refuse(name, int(rows[place]), repr(values[place].as_py()), "expected text in UTF-8, or a number")
        return text

    def _refuse_type(self, name: str, kind: pa.DataType, expected: str) -> NoReturn:
        raise DataError(
            f"{self.path}: column {name!r} holds {kind}, expected {expected}; "
            "name another kind in data.items.features, or write the column otherwise"
        )

    def _refuse(self, name: str, row: int, found: str, advice: str) -> NoReturn:
        raise DataError(f"{self.path}: row {row + 1}, column {name!r}: found {found}; {advice}")


def _may_be_numbers(kind: pa.DataType) -> bool:
    """Whether a list may hold them; lists that are all empty are of Parquet's null."""
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))
