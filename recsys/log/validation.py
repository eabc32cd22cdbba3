"""Which rows of a log are events, and why the others are not."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.data import NULL_VALUES
from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, MAX_ID_BYTES, TIMESTAMP, USER
from recsys.log.formats.raw import RawBlock, Reject
from recsys.log.values.casting import cast_column
from recsys.log.values.identifiers import ids_as_text
from recsys.log.values.nulls import blank_nulls, is_text
from recsys.log.values.timestamps import Unit, to_milliseconds

Mask = npt.NDArray[np.bool_]


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
    wrong: list[tuple[str, Mask]] = []
    for name in raw.table.column_names:
        values = blank_nulls(_one_chunk(raw.table.column(name)), nulls)
        if name in (USER, ITEM, EVENT_TYPE):
            columns[name], missing, bad, long = _identifiers(values)
            wrong += [(f"missing {name}", missing), (f"bad {name}", bad), (f"long {name}", long)]
        elif name == TIMESTAMP:
            milliseconds, missing, bad = to_milliseconds(values, unit)
            columns[name] = pa.array(milliseconds)
            wrong += [(f"missing {name}", missing), (f"bad {name}", bad)]
        elif name == EVENT_ID:
            columns[name], missing, bad = _integers(values)
            wrong += [(f"missing {name}", missing), (f"bad {name}", bad)]
        else:
            columns[name], bad = _decimals(values)
            wrong += [(f"bad {name}", bad)]
    events = pa.table(columns)
    refused = np.zeros(len(events), np.bool_)
    rejects = list(raw.malformed)
    for reason, mask in wrong:
        if not mask.any():
            continue
        for i in np.flatnonzero(mask & ~refused):
            rejects.append(Reject(reason, origin, int(raw.rows[i]), raw.text(int(i))))
        refused |= mask
    if refused.any():
        events = events.filter(pa.array(~refused))
    return events, rejects


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    if isinstance(combined, pa.ChunkedArray):
        return combined.chunk(0) if combined.num_chunks else pa.array([], column.type)
    return combined


def _identifiers(values: pa.Array) -> tuple[pa.DictionaryArray, Mask, Mask, Mask]:
    """Ids as dictionary-encoded strings, and where they are missing, bad or too long."""
    unfit = np.zeros(len(values), np.bool_)
    if not pa.types.is_dictionary(values.type):
        if not (is_text(values.type) or pa.types.is_integer(values.type)):
            values, unfit = ids_as_text(values)
        values = values.dictionary_encode()
    indices = values.indices.cast(pa.int32())  # Parquet files may have them unsigned
    words, unread = ids_as_text(values.dictionary)
    if not len(words):
        return _nulls(len(values)), ~unfit, unfit, np.zeros(len(values), np.bool_)
    too_long = np.asarray(pc.fill_null(pc.greater(pc.binary_length(words), MAX_ID_BYTES), False))
    codes = np.asarray(pc.fill_null(indices, -1))
    present = codes >= 0
    empty = np.asarray(pc.fill_null(pc.equal(words, ""), pa.scalar(False))) | (np.asarray(pc.is_null(words)) & ~unread)
    encoded = pa.DictionaryArray.from_arrays(indices, pc.fill_null(words, ""))
    bad, long = (
        marked[codes] & present if marked.any() else np.zeros(len(codes), np.bool_) for marked in (unread, too_long)
    )
    missing = ~present | empty[codes] if empty.any() else ~present
    return encoded, missing & ~unfit, unfit | bad, long


def _nulls(count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.nulls(count, pa.int32()), pa.array([], pa.string()))


def _decimals(values: pa.Array) -> tuple[pa.Array, Mask]:
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        return cast_column(values, pa.float64())
    values, bad = cast_column(values, pa.string())
    values = pc.utf8_trim_whitespace(values)
    decimals, unread = cast_column(pc.if_else(pc.equal(values, ""), None, values), pa.float64())
    return decimals, bad | unread


def _integers(values: pa.Array) -> tuple[pa.Array, Mask, Mask]:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    missing = np.asarray(pc.is_null(values))
    if is_text(values.type):
        text, bad = cast_column(values, pa.string())
        text = pc.utf8_trim_whitespace(text)
        missing |= np.asarray(pc.fill_null(pc.equal(text, ""), False))
        whole, unread = cast_column(text, pa.int64())
        bad |= unread
    else:
        whole, bad = cast_column(values, pa.int64())
    return pc.fill_null(whole, 0), missing, bad & ~missing
