"""All relations of a dataset: those of a table, and those of texts that are alike."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys.config.data import DataConfig
from recsys.core.schema import EXTERNAL_ID
from recsys.features.nearest_texts import nearest_texts
from recsys.preparation.items.table import ItemTable
from recsys.preparation.relation_table import NumberedRelations, number_relations, read_relations
from recsys.sequences.pairs import sum_by_key
from recsys.sequences.relations import Relations

BY_TEXT = "text_relations"  # as a dataset's counts call them


def find_relations(vocabulary: pa.Table, data: DataConfig, items: ItemTable | None) -> NumberedRelations | None:
    """The relations between items of a ``vocabulary``; None where the config asks for none.

    Where both a table and texts relate an item, each has half of what its relations are worth.

    Raises:
        DataError: as ``read_relations`` and ``number_relations``.
    """
    if data.relations is None:
        return None
    given, alike, counts = None, None, dict[str, int]()
    if data.relations.path is not None:
        numbered = number_relations(vocabulary, data.relations, read_relations(data.relations, data.null_values))
        given, counts = Relations(*(column.to_numpy() for column in numbered.table.columns)), numbered.counts
    if data.relations.nearest is not None and items is not None:
        alike = _alike(vocabulary, items, data)
        counts = {**counts, BY_TEXT: len(alike.weight)}
    sources = [one for one in (given, alike) if one is not None]
    whole = sources[0] if len(sources) == 1 else _together(sources, len(vocabulary) + 1)
    return NumberedRelations(pa.table(whole._asdict()), counts)


def _alike(vocabulary: pa.Table, items: ItemTable, data: DataConfig) -> Relations:
    """Items of the nearest texts; an item's texts are read as one."""
    assert data.relations is not None
    assert data.relations.nearest is not None
    assert data.items is not None
    known = items.take(pc.index_in(vocabulary.column(EXTERNAL_ID).combine_chunks(), value_set=items.keys))
    columns = [known[name].fill_null("").to_pylist() for name, one in data.items.features.items() if one.kind == "text"]
    texts = [" ".join(parts) for parts in zip(*columns, strict=True)]
    found = nearest_texts(texts, data.relations.nearest)
    return Relations(found.places + np.int32(1), found.nearest + np.int32(1), found.cosines)


def _together(sources: list[Relations], table_size: int) -> Relations:
    """The relations of several sources, the weights of each by their share of all of an item's there."""
    keys, shares = [], []
    for one in sources:
        totals = np.bincount(one.item_id, one.weight / one.weight.max(initial=1.0), table_size)
        keys.append(one.item_id.astype(np.int64) * table_size + one.related_id)
        shares.append(one.weight / one.weight.max(initial=1.0) / totals[one.item_id])
    both, weights = sum_by_key(np.concatenate(keys), np.concatenate(shares))
    items, related = np.divmod(both, table_size)
    return Relations(items.astype(np.int32), related.astype(np.int32), weights)
