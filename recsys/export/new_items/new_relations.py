"""What new items are related to: the known items whose texts are nearest, where the run's memory reads relations so.

Of one new item nothing depends on the others: its row stays the same whatever comes the night after. A known item's row
gains an entry, and the others stay; only where it is full does its faintest give way.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.artifacts.dataset import Dataset
from recsys.config.data import DataConfig
from recsys.core.schema import TITLE
from recsys.features.nearest_texts import nearest_known
from recsys.models.memory import CountedTransitions, RelatedTransitions
from recsys.sequences.relations import RelatedShares
from recsys.sequences.transitions import keep_heaviest


class Entries(NamedTuple):
    """Entries of a table of relations: ``[n] int64`` rows and neighbours by internal id, and ``[n]`` shares."""

    rows: npt.NDArray[np.int64]
    neighbours: npt.NDArray[np.int64]
    shares: npt.NDArray[np.float64]


NO_ENTRIES = Entries(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


def related_by_texts(data: DataConfig, dataset: Dataset, new: pd.DataFrame) -> Entries:
    """From each new item to its nearest known ones, and back; none where ``data.relations.nearest`` is not set.

    A new item's own relations share 1, by their cosines. Back, a relation has the share that its cosine would have
    beside those that the known item has already.

    Args:
        new: their rows of the item table, as ``Dataset.items`` has them; numbered after the dataset's items.
    """
    if data.relations is None or data.relations.nearest is None or data.items is None:
        return NO_ENTRIES
    names = [name for name, one in data.items.features.items() if one.kind == "text"]
    columns = [TITLE if name == data.items.title else name for name in names]
    known_texts, new_texts = (_texts(table, columns, data.null_values) for table in (dataset.items, new))
    found = nearest_known(known_texts, new_texts, data.relations.nearest)
    fresh, known = found.places.astype(np.int64), found.nearest.astype(np.int64) + 1
    sums = np.bincount(fresh, found.cosines, len(new))
    back = found.cosines / np.maximum(_totals(data, dataset)[known], 1.0)
    ids = fresh + len(dataset.vocabulary) + 1
    shares = np.concatenate([found.cosines / sums[fresh], back])
    return Entries(np.concatenate([ids, known]), np.concatenate([known, ids]), shares)


def longer(
    counted: CountedTransitions, related: RelatedTransitions | None, count: int, entries: Entries
) -> CountedTransitions:
    """``counted`` and what is ``related``, folded, with ``count`` more rows and the ``entries``."""
    pad = ((0, count), (0, 0))
    table = CountedTransitions(counted.rows + count, counted.depth, counted.normalization)
    table.assign_rows(
        np.pad(counted.neighbours.numpy(), pad),
        np.pad(counted.counts.numpy(), pad),
        np.pad(counted.divisors.numpy(), (0, count), constant_values=1.0),
    )
    if related is not None:
        row, place = np.nonzero(related.related.counts.numpy())
        parts = Entries(row, related.related.neighbours.numpy()[row, place], related.related.counts.numpy()[row, place])
        rows, neighbours, shares = (np.concatenate(both) for both in zip(parts, entries, strict=True))
        most = min(int(np.bincount(rows, minlength=1).max()), max(related.related.depth, counted.depth))
        kept = keep_heaviest(rows * np.int64(table.rows) + neighbours, shares, table.rows, max(most, 1))
        both = RelatedTransitions(table, kept.neighbours.shape[1])
        both.assign(RelatedShares(kept.neighbours, kept.weights.astype(np.float32)))
        both.log_trust.assign(related.log_trust)
        table = both.folded()
    table.added = count
    return table


def _totals(data: DataConfig, dataset: Dataset) -> npt.NDArray[np.float64]:
    """By internal id, what the cosines of an item's relations add up to; beside a table of relations, about that."""
    assert data.relations is not None
    size = dataset.vocabulary.table_size
    if dataset.relations is None or data.relations.path is not None:  # weights are no cosines there
        return np.full(size, float(data.relations.nearest or 1))
    return np.bincount(dataset.relations.item_id, dataset.relations.weight, size).astype(np.float64)


def _texts(table: pd.DataFrame, columns: list[str], nulls: tuple[str, ...]) -> list[str]:
    """An item's texts as one, as relations by texts read them; empty where nothing is known."""
    cells = [["" if not isinstance(one, str) or one in nulls else one for one in table[name]] for name in columns]
    return [" ".join(parts) for parts in zip(*cells, strict=True)]
