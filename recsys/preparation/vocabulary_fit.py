"""Which items make the vocabulary, and why the others do not."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.prepare import PrepareConfig
from recsys.core.schema import COUNT, EXTERNAL_ID, ITEM, PAD_ID
from recsys.preparation.rules.k_core import Core, Events, count_items, count_round

# Why an item's events are dropped, by code; ``core`` and ``cold_user`` may be a user's reason, too.
DROP_REASONS = ("kept", "core", "rare_item", "over_max_items", "cold_item", "cold_user")
KEPT, CORE, RARE, OVER, COLD, COLD_USER = range(len(DROP_REASONS))


class VocabularyFit(NamedTuple):
    """The vocabulary, or where its choice stands between two rounds over the events.

    Attributes:
        first: ``[items] int64``, each item's events before anything is dropped.
        drop_reasons: ``[items] uint8``, an index of ``DROP_REASONS``.
        core: of the items that may make the vocabulary.
        ranks: ``[items] int64``, the place of each item in the order of all names; none where no size is asked for.
        is_whole: the choice is made.
    """

    first: npt.NDArray[np.int64]
    drop_reasons: npt.NDArray[np.uint8]
    core: Core
    ranks: npt.NDArray[np.int64]
    is_whole: bool = False

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """``[items] int64``, events of each item inside; 0 where it is outside."""
        return self.core.counts

    @property
    def rounds(self) -> list[int]:
        """Events that the core dropped, round by round."""
        return self.core.rounds

    @classmethod
    def begin(
        cls, first: npt.NDArray[np.int64], names: Callable[[], pa.ChunkedArray], config: PrepareConfig
    ) -> "VocabularyFit":
        """Leave out what is too rare, and begin the core.

        Args:
            names: as ``fit_vocabulary``; asked for only where the config has a largest size.
        """
        drop_reasons = np.full(len(first), CORE, np.uint8)
        drop_reasons[first == 0] = COLD
        allowed = first >= config.min_item_events
        drop_reasons[(first > 0) & ~allowed] = RARE
        ranks = np.zeros(0, np.int64)
        if config.max_items is not None:
            ranks = np.argsort(np.asarray(pc.sort_indices(names())))
        return cls(first, drop_reasons, Core.begin(allowed & (first > 0), first), ranks)

    def advance(self, counts: npt.NDArray[np.int64], config: PrepareConfig) -> "VocabularyFit":
        """End a round of the core; a core that is too large is cut to the largest size, and another begins.

        Args:
            counts: each item's events of the users who last, of all parts.
        """
        core = self.core.drop(counts, config.k_core)
        if not core.is_whole:
            return self._replace(core=core)
        if config.max_items is not None and np.count_nonzero(core.counts) > config.max_items:
            largest = np.lexsort([self.ranks, -core.counts])[: config.max_items]
            chosen = np.isin(np.arange(len(self.ranks)), largest)
            reasons = np.where((core.counts > 0) & ~chosen, np.uint8(OVER), self.drop_reasons)
            return self._replace(drop_reasons=reasons, core=Core.begin(chosen, self.first, core.rounds))
        reasons = np.where(core.counts > 0, np.uint8(KEPT), self.drop_reasons)
        return self._replace(drop_reasons=reasons, core=core, is_whole=True)


def fit_vocabulary(
    parts: Callable[[], Iterable[Events]], names: pa.ChunkedArray, config: PrepareConfig
) -> VocabularyFit:
    """Choose items by their number of events, the k-core and the largest size, in this order.

    Args:
        parts: reads the events to fit on, again for each round, in parts of whole users.
        names: external ids by code, which order items of equal counts.
    """
    fit = VocabularyFit.begin(count_items(parts(), len(names)), lambda: names, config)
    while not fit.is_whole:
        fit = fit.advance(count_round(parts(), fit.core.alive, config.k_core, config.oov_buckets > 0), config)
    return fit


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
