"""Items added to a finished run without training: their vectors are what the model has learned of their features.

They come after all others, so no id moves, and what a phone holds already stays as it is: a delta carries just them.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.config.data import DataConfig, ItemTableConfig
from recsys.core.errors import ConfigError, DataError
from recsys.core.schema import COUNT, EXTERNAL_ID, ITEM, TITLE
from recsys.features.encoded import EncodedFeature
from recsys.features.encoders import Column
from recsys.models.items import FeaturedItems, TrainedItems, shapes_of
from recsys.models.loading import load_unfolded
from recsys.models.memory import CountedTransitions, TransitionMemory
from recsys.models.sasrec import SASRec, folded
from recsys.preparation.described_items import append_described
from recsys.preparation.item_table import join_metadata, read_items
from recsys.terminal import say


class ExtendedDataset(Dataset):
    """A dataset with further items after its own, which nobody has touched.

    Args:
        new: their rows of the item table, as ``Dataset.items`` has them.
    """

    def __init__(self, path: Path, new: pd.DataFrame) -> None:
        super().__init__(path)
        self._new = new

    @cached_property
    def items(self) -> pd.DataFrame:
        known = Dataset(self.path).items
        return pd.concat([known, self._new.reindex(columns=known.columns)], ignore_index=True)


class Extended(NamedTuple):
    """A model and a dataset that know ``new`` items more than they were trained and prepared with."""

    model: SASRec
    dataset: Dataset
    new: int


def add_items(run: Run, dataset: Dataset, path: Path) -> Extended:
    """The items of the table at ``path`` that ``run`` does not know yet, added to what it does; the others stay.

    Raises:
        ConfigError: the run's model reads no features.
        DataError: the table cannot be used, or lacks a column that the model reads.
        ArtifactError: the run is damaged.
    """
    data = recorded(DataConfig, run, "data")
    if data.items is None or not data.items.features or dataset.features_dir is None:
        raise ConfigError(
            f"export.items: the model of {run.path} reads no features, so it knows nothing of items that nobody has "
            "touched; train with data.items.features"
        )
    source = data.items.model_copy(update={"path": path, **({"title": TITLE} if data.name else {})})
    found = _new_rows(dataset, source, data.null_values)
    say(f"export: {len(found.rows):,} new items of {path}; {found.known:,} are known already, and stay as they are")
    try:
        encoded = dataset.encoders.encode(found.features)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    model = load_unfolded(run)
    if not len(found.rows):
        return Extended(folded(model), dataset, 0)
    return Extended(_extended(model, encoded), ExtendedDataset(dataset.path, found.rows), len(found.rows))


class _Found(NamedTuple):
    """What an item table says of the items that are new, and how many others it names."""

    rows: pd.DataFrame
    features: dict[str, Column]
    known: int


def _new_rows(dataset: Dataset, source: ItemTableConfig, nulls: tuple[str, ...]) -> _Found:
    items = read_items(source, nulls)
    names = dataset.vocabulary.external_ids
    own = {
        ITEM: pa.array(np.arange(1, len(names) + 1, dtype=np.int32)),
        EXTERNAL_ID: pa.array(names, pa.string()),
        COUNT: pa.array(np.zeros(len(names), np.int64)),
    }
    new = append_described(pa.table(own), items.keys).slice(len(names))
    rows = pc.index_in(new.column(EXTERNAL_ID).combine_chunks(), value_set=items.keys)
    table = join_metadata(new, source, items)
    return _Found(table.to_pandas(), items.take(rows), len(items.keys) - len(new))


def _extended(model: SASRec, new: Sequence[EncodedFeature]) -> SASRec:
    """``model`` with a row of its item table, and an empty one of its memory, for each of the ``new`` items."""
    items, count = model.items, len(new[0].rows)
    assert isinstance(items, FeaturedItems), "its run has features"
    fresh = FeaturedItems(1 + count, items.width, shapes_of(new))
    fresh.describe([one.inside(1 + count) for one in new], np.zeros(1 + count, np.bool_))
    fresh.learn_as(items)
    table = TrainedItems(items.rows + count, items.width)
    table.assign(np.concatenate([items.vectors(), fresh.vectors()[1:]]))
    events, memory = model.events.over(table, model.events.positions), None
    if model.memory is not None and model.transitions is not None:
        counted = model.relations.folded() if model.relations is not None else model.transitions
        longer = CountedTransitions(table.rows, counted.depth, counted.normalization)
        longer.added, longer.is_related = count, counted.is_related
        empty = ((0, count), (0, 0))
        longer.assign_rows(
            np.pad(counted.neighbours.numpy(), empty),
            np.pad(counted.counts.numpy(), empty),
            np.pad(counted.divisors.numpy(), (0, count), constant_values=1.0),
        )
        memory = TransitionMemory(model.memory.attention, longer, table.rows)
    return SASRec(model.config, events, model.blocks, model.final_norm, memory)
