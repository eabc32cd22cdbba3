"""Which items make the vocabulary, and why the others do not."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.prepare import PrepareConfig
from recsys.core.schema import COUNT, EXTERNAL_ID, ITEM, PAD_ID
from recsys.preparation.rules.k_core import Events, count_items, find_core

# Why an item's events are dropped, by code; ``core`` and ``cold_user`` may be a user's reason, too.
DROP_REASONS = ("kept", "core", "rare_item", "over_max_items", "cold_item", "cold_user")
KEPT, CORE, RARE, OVER, COLD, COLD_USER = range(len(DROP_REASONS))


class VocabularyFit(NamedTuple):
    """The vocabulary.

    Attributes:
        counts: ``[items] int64``, events of each item inside; 0 where it is outside.
        drop_reasons: ``[items] uint8``, an index of ``DROP_REASONS``.
        rounds: events that the core dropped, round by round.
    """

    counts: npt.NDArray[np.int64]
    drop_reasons: npt.NDArray[np.uint8]
    rounds: list[int]


def fit_vocabulary(
    parts: Callable[[], Iterable[Events]], names: pa.ChunkedArray, config: PrepareConfig
) -> VocabularyFit:
    """Choose items by their number of events, the k-core and the largest size, in this order.

    Args:
        parts: reads the events to fit on, again for each round, in parts of whole users.
        names: external ids by code, which order items of equal counts.
    """
    first = count_items(parts(), len(names))
    drop_reasons = np.full(len(names), CORE, np.uint8)
    drop_reasons[first == 0] = COLD
    allowed = first >= config.min_item_events
    drop_reasons[(first > 0) & ~allowed] = RARE
    keep_unknown = config.oov_buckets > 0
    core = find_core(parts, allowed & (first > 0), config.k_core, keep_unknown)
    if config.max_items is not None and np.count_nonzero(core.counts) > config.max_items:
        ids, _ = number_items(names, core.counts)
        drop_reasons[ids > config.max_items] = OVER
        largest = find_core(parts, (ids > 0) & (ids <= config.max_items), config.k_core, keep_unknown)
        core = largest._replace(rounds=core.rounds + largest.rounds)
    drop_reasons[core.counts > 0] = KEPT
    return VocabularyFit(core.counts, drop_reasons, core.rounds)


def number_items(
    names: pa.ChunkedArray, counts: npt.NDArray[np.int64], prior: pa.Array | None = None
) -> tuple[npt.NDArray[np.int32], pa.Table]:
    """Give internal ids 1..n by (-count, external id).

    Args:
        names: external id by catalog code.
        counts: ``[items] int64`` by catalog code; 0 leaves the item out.
        prior: external ids of an earlier vocabulary in its order. They keep their ids, even with no events left;
            other items come after them.

    Returns:
        The internal id of each code (``PAD_ID`` for items outside), and a table ``item_id, external_id, count``.
    """
    known = pa.array([], pa.string()) if prior is None else prior
    known_codes = np.asarray(pc.fill_null(pc.index_in(known, value_set=names.combine_chunks()), -1))
    new = np.setdiff1d(np.flatnonzero(counts), known_codes)
    table = pa.table({"code": new, EXTERNAL_ID: names.take(pa.array(new)), COUNT: counts[new]}).sort_by(
        [(COUNT, "descending"), (EXTERNAL_ID, "ascending")]
    )
    order = np.concatenate([known_codes, table.column("code").to_numpy()]).astype(np.int64)
    listed = np.arange(1, len(order) + 1, dtype=np.int32)
    totals = np.where(order >= 0, counts[order], 0)
    ids = np.full(len(counts), PAD_ID, np.int32)
    ids[order[order >= 0]] = listed[order >= 0]
    externals = pa.concat_arrays([known, *table.column(EXTERNAL_ID).chunks])
    return ids, pa.table({ITEM: listed, EXTERNAL_ID: externals, COUNT: totals})
