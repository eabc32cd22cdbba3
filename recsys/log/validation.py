"""Which rows of a log are events, and why the others are not."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.data import NULL_VALUES
from recsys.core.events.codes import LARGEST_VALUE
from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, MAX_ID_BYTES, TIMESTAMP, USER, VALUE
from recsys.log.formats.raw import RawBlock, Reject
from recsys.log.values.casting import Mask, as_mask, cast_column
from recsys.log.values.dictionaries import without_dictionary
from recsys.log.values.identifiers import ids_as_text
from recsys.log.values.nulls import blank_nulls, is_text
from recsys.log.values.timestamps import Unit, to_milliseconds


def validate(
    raw: RawBlock, unit: Unit, origin: str, nulls: tuple[str, ...] = NULL_VALUES
) -> tuple[pa.Table, list[Reject]]:
    """Judge every row by the first thing that is wrong with it.

    Args:
        nulls: texts that mean that nothing is there (``data.null_values``).

    Returns:
        The events: ``user_id``, ``item_id`` and ``event_type`` as dictionary-encoded strings, ``timestamp`` in int64
        milliseconds, ``event_id`` int64, any other column float64 (those may be null); and the rows refused.
    """
    columns: dict[str, pa.Array] = {}
    wrong: dict[str, Mask] = {}
    for name in raw.table.column_names:
        values = blank_nulls(raw.table.column(name).combine_chunks(), nulls)
        if name in (USER, ITEM, EVENT_TYPE):
            columns[name], missing, bad, long = _identifiers(values)
            wrong |= {f"missing {name}": missing, f"bad {name}": bad, f"long {name}": long}
        elif name == TIMESTAMP:
            milliseconds, missing, bad = to_milliseconds(values, unit)
            columns[name] = pa.array(milliseconds)
            wrong |= {f"missing {name}": missing, f"bad {name}": bad}
        else:
            columns[name], missing, bad = _numbers(values, pa.int64() if name == EVENT_ID else pa.float64())
            if name == EVENT_ID:  # a value, and what a bound is read from, may be missing
                wrong[f"missing {name}"] = missing
            if name == VALUE:
                bad |= as_mask(pc.greater(pc.abs(columns[name]), LARGEST_VALUE))
            wrong[f"bad {name}"] = bad
    events = pa.table(columns)
    refused = np.zeros(len(events), np.bool_)
    rejects = list(raw.malformed)
    for reason, mask in wrong.items():
        if mask.any():
            rows = np.flatnonzero(mask & ~refused).tolist()
            rejects += [Reject(reason, origin, int(raw.rows[i]), raw.text(i)) for i in rows]
            refused |= mask
    return events.filter(pa.array(~refused)) if refused.any() else events, rejects


def _identifiers(values: pa.Array) -> tuple[pa.DictionaryArray, Mask, Mask, Mask]:
    """Ids as dictionary-encoded strings, and where they are missing, bad or too long."""
    unfit = np.zeros(len(values), np.bool_)
    if not pa.types.is_dictionary(values.type):
        if not (is_text(values.type) or pa.types.is_integer(values.type)):
            values, unfit = ids_as_text(values)
        values = values.dictionary_encode()
    indices = values.indices.cast(pa.int32())  # Parquet files may have them unsigned
    words, unread = ids_as_text(values.dictionary)
    codes = np.asarray(pc.fill_null(indices, -1))
    absent = codes < 0

    def rows(of_words: Mask) -> Mask:
        return of_words[codes] & ~absent if of_words.any() else np.zeros(len(codes), np.bool_)

    empty = as_mask(pc.or_kleene(pc.equal(words, ""), pc.is_null(words))) & ~unread
    long = as_mask(pc.greater(pc.binary_length(words), MAX_ID_BYTES))
    encoded = pa.DictionaryArray.from_arrays(indices, pc.fill_null(words, ""))
    return encoded, (absent | rows(empty)) & ~unfit, unfit | rows(unread), rows(long)


def _numbers(values: pa.Array, target: pa.DataType) -> tuple[pa.Array, Mask, Mask]:
    """Numbers as ``target``, null where missing or bad, and where they are either."""
    values = without_dictionary(values)
    bad = np.zeros(len(values), np.bool_)
    if is_text(values.type):
        values, bad = cast_column(values, pa.string())
        values = pc.utf8_trim_whitespace(values)
        values = pc.if_else(pc.equal(values, ""), None, values)
    numbers, unread = cast_column(values, target)
    return numbers, np.asarray(pc.is_null(values)) & ~bad, bad | unread
