"""As what a model could read a column of an item table, by its type and its values."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys.preparation.items.feature_columns import MOST_VALUES

SEPARATORS = ("|", ";", ",")
FEW = 10  # distinct whole numbers that are rather names than amounts
UNIQUE = 0.9  # share of distinct values from which on one says nothing of others
WORDS = 2.5  # of a text, on average; fewer are a name


class Proposed(NamedTuple):
    """A kind of ``data.items.features``, what separates categories where that is another than usual, and why."""

    kind: str
    reason: str
    separator: str = "|"


class Left(NamedTuple):
    """A column that is not proposed, and why."""

    reason: str


def guess_kind(values: pa.Array) -> Proposed | Left:
    """As what the column is to be read.

    >>> guess_kind(pa.array([1.5, 2.5, 9.0]))
    Proposed(kind='number', reason='3 different numbers', separator='|')
    >>> guess_kind(pa.array(["x", "x"]))
    Left(reason="all items have 'x'")
    """
    known = values.drop_null()
    known = known.cast(pa.float32()) if pa.types.is_float16(known.type) else known  # of which no two are compared
    kind = known.type
    if not len(known):
        return Left("it holds nothing")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _of_lists(known)
    if pa.types.is_nested(kind) or _is_bytes(kind):
        return Left(f"it holds {kind}, which no feature is")
    if pa.types.is_temporal(kind):
        return Left("it is a moment; a year or an age in days, as a number, can be read")
    distinct = len(pc.unique(known))
    if distinct == 1:
        return Left(f"all items have {known[0].as_py()!r}") if len(known) > 1 else Left("only one item has a value")
    if pa.types.is_boolean(kind):
        return Proposed("category", "yes or no")
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _of_numbers(known, distinct)
    return _of_texts(known.cast(pa.string()), distinct)


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _of_lists(known: pa.Array) -> Proposed | Left:
    lengths = np.asarray(pc.list_value_length(known))
    inner = known.type.value_type
    if pa.types.is_floating(inner) or (pa.types.is_integer(inner) and lengths.min() == lengths.max() > 1):
        if lengths[lengths > 0].min(initial=lengths.max()) < lengths.max():
            return Left("its vectors are not of one length")
        return Proposed("vector", f"{lengths.max():,} numbers an item")
    if pa.types.is_nested(inner):
        return Left(f"it holds lists of {inner}, which no feature is")
    if lengths.max() > MOST_VALUES:
        return Left(f"an item has {lengths.max():,} values, more than the {MOST_VALUES} that are read")
    flat = known.flatten()
    flat = flat.storage if isinstance(inner, pa.BaseExtensionType) else flat
    return Proposed("category", f"lists of {len(pc.unique(flat)):,} different values")


def _of_numbers(known: pa.Array, distinct: int) -> Proposed | Left:
    if pa.types.is_integer(known.type):
        numbers = np.asarray(known.cast(pa.float64(), safe=False))
        if len(numbers) > 2 and np.abs(np.diff(numbers)).max() == 1 and distinct == len(numbers):
            return Left("it counts the rows")
        if distinct <= FEW and len(numbers) > FEW:
            return Proposed("category", f"{distinct} different whole numbers")
    return Proposed("number", f"{distinct:,} different numbers")


def _of_texts(known: pa.Array, distinct: int) -> Proposed | Left:
    if pc.mean(pc.match_substring_regex(known, r"^\d{4}-\d\d-\d\d").cast(pa.float64())).as_py() > 0.5:
        return Left("it is a moment; a year or an age in days, as a number, can be read")
    words = pc.mean(pc.list_value_length(pc.utf8_split_whitespace(known)).cast(pa.float64())).as_py()
    for separator in SEPARATORS:
        parts = pc.split_pattern(known, separator)
        lengths = np.asarray(pc.list_value_length(parts))
        values = pc.utf8_trim_whitespace(parts.flatten())
        repeated = len(pc.unique(values)) <= 0.5 * len(values)
        short = pc.mean(pc.utf8_length(values).cast(pa.float64())).as_py() <= 30
        if (lengths > 1).mean() > 0.2 and repeated and short and lengths.max() <= MOST_VALUES:
            return Proposed("category", f"{len(pc.unique(values)):,} different values, several an item", separator)
    share = distinct / len(known)
    if words >= WORDS and share > 0.5:
        return Proposed("text", f"{words:.0f} words an item")
    if share > UNIQUE and len(known) > FEW:
        return Left(f"{distinct:,} of {len(known):,} values are different, so none says anything of other items")
    return Proposed("category", f"{distinct:,} different values")
